/** Intentions one by one, and all of a destination at once as a config entry. */

import { oneOf, type State, type Subject } from './subject.ts';

export const intentions: Subject = {
  share: 5,
  choose: ({ name, count, random }) => {
    const path = `/v1/connect/intentions/exact?source=client&destination=${name}`;
    if (random() < 0.3) return { method: 'DELETE', path, after: new Map([[`intention ${name}`, undefined]]) };
    const [Action, Description] = [oneOf(random, ['allow', 'deny']), `write ${count}`];
    const after = new Map([[`intention ${name}`, stateOf(Action, Description)]]);
    return { method: 'PUT', path, body: { Action, Description }, after };
  },
  readAll: async (client) => {
    const found = await client.readSurely<readonly IntentionShown[]>('/v1/connect/intentions');
    return found.map((one) => [`intention ${one.DestinationName}`, stateOf(one.Action, one.Description)] as const);
  },
};

export const configEntries: Subject = {
  share: 5,
  choose: ({ name: owner, count, random }) => {
    const name = `entry-${owner}`;
    const key = `config entry ${name}`;
    if (random() < 0.3) {
      // The intention endpoints show it as well, under its destination.
      const after = new Map<string, State>([
        [key, undefined],
        [`intention ${name}`, undefined],
      ]);
      return { method: 'DELETE', path: `/v1/config/service-intentions/${name}`, after };
    }
    const [Action, Description] = [oneOf(random, ['allow', 'deny']), `write ${count}`];
    const body = { Kind: 'service-intentions', Name: name, Sources: [{ Name: 'client', Action, Description }] };
    const after = new Map([
      [key, stateOf(Action, Description)],
      [`intention ${name}`, stateOf(Action, Description)],
    ]);
    return { method: 'PUT', path: '/v1/config', body, after };
  },
  readAll: async (client) => {
    const found = await client.readSurely<readonly EntryShown[]>('/v1/config/service-intentions');
    return found.flatMap(({ Name, Sources }) =>
      Sources.map(({ Action, Description }) => [`config entry ${Name}`, stateOf(Action, Description)] as const),
    );
  },
};

interface Ruling {
  readonly Action: string;
  readonly Description: string;
}

interface IntentionShown extends Ruling {
  readonly DestinationName: string;
}

interface EntryShown {
  readonly Name: string;
  readonly Sources: readonly Ruling[];
}

function stateOf(action: string, description: string): string {
  return `${action}, ${description}`;
}
