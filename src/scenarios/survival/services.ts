/** Services of the agent, each with a check. */

import { oneOf, type State, type Subject, type Turn, type Write } from './subject.ts';

export const services: Subject = {
  share: 10,
  choose: (turn) => {
    const dice = turn.random();
    if (turn.known.get(`service ${turn.name}`) === undefined || dice < 0.3) return register(turn);
    return dice < 0.5 ? deregister(turn) : updateCheck(turn);
  },
  readAll: async (client) => {
    const found = await client.readSurely<Record<string, { Meta: { revision?: string } }>>('/v1/agent/services');
    const checks = await client.readSurely<Record<string, CheckShown>>('/v1/agent/checks');
    return [
      ...Object.entries(found).flatMap(([id, { Meta }]) =>
        Meta.revision === undefined ? [] : [[`service ${id}`, Meta.revision] as const],
      ),
      ...Object.values(checks).map(
        (check) => [`check ${check.ServiceID}`, stateOfCheck(check.Status, check.Output)] as const,
      ),
    ];
  },
};

interface CheckShown {
  readonly ServiceID: string;
  readonly Status: string;
  readonly Output: string;
}

function register({ name, count, known }: Turn): Write {
  const revision = String(count);
  const body = { Name: name, Meta: { revision }, Check: { TTL: '10h' } };
  const check = known.get(`check ${name}`) ?? stateOfCheck('critical', '');
  const after = new Map([
    [`service ${name}`, revision],
    [`check ${name}`, check],
  ]);
  return { method: 'PUT', path: '/v1/agent/service/register', body, after };
}

function updateCheck({ name, count, random }: Turn): Write {
  const Status = oneOf(random, ['passing', 'warning', 'critical']);
  const Output = `write ${count}`;
  const after = new Map([[`check ${name}`, stateOfCheck(Status, Output)]]);
  return { method: 'PUT', path: `/v1/agent/check/update/service:${name}`, body: { Status, Output }, after };
}

function deregister({ name }: Turn): Write {
  const after = new Map<string, State>([
    [`service ${name}`, undefined],
    [`check ${name}`, undefined],
  ]);
  return { method: 'PUT', path: `/v1/agent/service/deregister/${name}`, after };
}

function stateOfCheck(status: string, output: string): string {
  return `${status}, ${output}`;
}
