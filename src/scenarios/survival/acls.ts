/** Tokens, policies and roles. */

import type { AgentClient } from './agent-client.ts';
import type { Subject, Turn, Write } from './subject.ts';

/** With a secret of its own, which no later write may change. */
export const tokens: Subject = {
  share: 4,
  choose: ({ name, count, known, random }) => {
    const [key, id, secret] = [`token ${name}`, uuidFor(name, 1), uuidFor(name, 2)];
    const isThere = known.get(key) !== undefined;
    if (isThere && random() < 0.3) {
      return { method: 'DELETE', path: `/v1/acl/token/${id}`, after: new Map([[key, undefined]]) };
    }
    const Description = `${name}: write ${count}`;
    const after = new Map([[key, stateOfToken(Description, secret)]]);
    const body = { AccessorID: id, SecretID: secret, Description };
    return { method: 'PUT', path: isThere ? `/v1/acl/token/${id}` : '/v1/acl/token', body, after };
  },
  readAll: async (client) => {
    const found = await client.readSurely<readonly TokenShown[]>('/v1/acl/tokens');
    const states: (readonly [string, string])[] = [];
    for (const { AccessorID, Description } of found) {
      const [name, isOurs] = Description.split(': write ');
      if (isOurs === undefined) continue;
      const { SecretID } = await client.readSurely<{ SecretID: string }>(`/v1/acl/token/${AccessorID}`);
      states.push([`token ${name}`, stateOfToken(Description, SecretID)]);
    }
    return states;
  },
};

interface TokenShown {
  readonly AccessorID: string;
  readonly Description: string;
}

export const policies: Subject = grantingSubject('policy', 'policies', (name) => ({
  Rules: `service "${name}" { policy = "write" }`,
}));

export const roles: Subject = grantingSubject('role', 'roles', (name) => ({
  ServiceIdentities: [{ ServiceName: name }],
}));

/** The agent gives these their IDs. */
function grantingSubject(kind: string, plural: string, content: (name: string) => object): Subject {
  return {
    share: 3,
    choose: async (turn) => {
      const isThere = turn.known.get(`${kind} ${turn.name}`) !== undefined;
      if (!isThere) return write(turn, `/v1/acl/${kind}`);
      const found = await turn.client.read<{ readonly ID: string }>(`/v1/acl/${kind}/name/${turn.name}`);
      if (found === undefined) return undefined;
      const path = `/v1/acl/${kind}/${found.ID}`;
      const after = new Map([[`${kind} ${turn.name}`, undefined]]);
      return turn.random() < 0.3 ? { method: 'DELETE', path, after } : write(turn, path);
    },
    readAll: async (client: AgentClient) => {
      const found = await client.readSurely<readonly GrantsShown[]>(`/v1/acl/${plural}`);
      return found.map(({ Name, Description }) => [`${kind} ${Name}`, Description] as const);
    },
  };

  function write({ name, count }: Turn, path: string): Write {
    const Description = `write ${count}`;
    const body = { Name: name, Description, ...content(name) };
    return { method: 'PUT', path, body, after: new Map([[`${kind} ${name}`, Description]]) };
  }
}

interface GrantsShown {
  readonly Name: string;
  readonly Description: string;
}

function stateOfToken(description: string, secret: string): string {
  return `${description}, secret ${secret}`;
}

/** Always the same for one name. */
function uuidFor(name: string, place: number): string {
  return `00000000-0000-4000-800${place}-${Buffer.from(name).toString('hex').padStart(12, '0')}`;
}
