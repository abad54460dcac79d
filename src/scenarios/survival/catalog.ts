/** Nodes of others, told over the catalog API, with a service and a check each. */

import type { State, Subject, Turn, Write } from './subject.ts';

export const catalog: Subject = {
  share: 5,
  choose: (turn) => {
    const dice = turn.random();
    if (turn.known.get(`node ${turn.name}`) === undefined || dice < 0.6) return register(turn);
    return dice < 0.8 ? deregisterService(turn) : deregisterNode(turn);
  },
  readAll: async (client) => {
    const nodes = await client.readSurely<readonly NodeShown[]>('/v1/catalog/nodes');
    const others = nodes.filter(({ Meta }) => Meta?.['revision'] !== undefined);
    const states: (readonly [string, string])[] = [];
    for (const { Node, Meta } of others) {
      states.push([`node ${Node}`, Meta?.['revision'] ?? '']);
      const shown = await client.readSurely<ServicesShown>(`/v1/catalog/node/${Node}`);
      for (const { Meta } of Object.values(shown.Services)) states.push([`service on ${Node}`, Meta.revision]);
      const checks = await client.readSurely<readonly { readonly Output: string }[]>(`/v1/health/node/${Node}`);
      for (const { Output } of checks) states.push([`check on ${Node}`, Output]);
    }
    return states;
  },
};

interface NodeShown {
  readonly Node: string;
  readonly Meta: Readonly<Record<string, string>> | null;
}

interface ServicesShown {
  readonly Services: Readonly<Record<string, { readonly Meta: { readonly revision: string } }>>;
}

/** A registration is one write, with all that it names. */
function register({ name, count }: Turn): Write {
  const revision = String(count);
  const body = {
    Node: name,
    Address: '192.0.2.1',
    NodeMeta: { revision },
    Service: { ID: 'told', Service: `told-${name}`, Meta: { revision } },
    Check: { CheckID: 'told', Name: 'told', Status: 'passing', Output: revision, ServiceID: 'told' },
  };
  const after = new Map([
    [`node ${name}`, revision],
    [`service on ${name}`, revision],
    [`check on ${name}`, revision],
  ]);
  return { method: 'PUT', path: '/v1/catalog/register', body, after };
}

function deregisterService({ name }: Turn): Write {
  const after = new Map<string, State>([
    [`service on ${name}`, undefined],
    [`check on ${name}`, undefined],
  ]);
  return { method: 'PUT', path: '/v1/catalog/deregister', body: { Node: name, ServiceID: 'told' }, after };
}

function deregisterNode({ name }: Turn): Write {
  const after = new Map<string, State>([
    [`node ${name}`, undefined],
    [`service on ${name}`, undefined],
    [`check on ${name}`, undefined],
  ]);
  return { method: 'PUT', path: '/v1/catalog/deregister', body: { Node: name }, after };
}
