/**
 * What checks say while an application goes from well to ill and back, beside the real agent: each has an application of its own, which
 * becomes the next thing when its agent has noticed the last. An answer tells how many came before it, so that the thresholds are seen too:
 * at least so many, because a busy agent may show a status one answer late.
 */

import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { startAgent } from '../../agent/index.ts';
import { Closers } from '../../base/index.ts';
import { startRealConsul, testRuntime } from '../../testing/index.ts';
import { comparable } from '../npm-client/comparable.ts';
import { type CheckedApplication, startGrpcApplication, startHttpApplication } from './checked-application.ts';

interface Case {
  readonly start: () => Promise<CheckedApplication>;
  readonly check: (address: string) => object;
  /** What the application, which is well at first, becomes, one after the other; each makes the check say another status. */
  readonly moods: readonly string[];
  /** How many answers it takes until the agent calls it that. Default: one each. */
  readonly answers?: readonly number[];
}

const often = { Interval: '1s', Timeout: '300ms' };

const cases: Readonly<Record<string, Case>> = {
  'an HTTP check, by status code': {
    start: startHttpApplication,
    check: (address) => ({ ...often, HTTP: `http://${address}/health` }),
    moods: ['429', '500', '204', '404', '429', 'away', '200'],
  },
  'an HTTP check of a peer that hangs up': {
    start: startHttpApplication,
    check: (address) => ({ ...often, HTTP: `http://${address}/health`, Method: 'POST' }),
    moods: ['cut', '200'],
  },
  'an HTTP check of a peer that is silent': {
    start: startHttpApplication,
    check: (address) => ({ ...often, HTTP: `http://${address}/health` }),
    moods: ['silent', '200'],
  },
  'success_before_passing and failures_before_critical': {
    start: startHttpApplication,
    check: (address) => ({
      ...often,
      HTTP: `http://${address}/health`,
      SuccessBeforePassing: 2,
      FailuresBeforeCritical: 3,
    }),
    moods: ['500', '429', '200', '404', '200'],
    answers: [3, 1, 1, 3, 2],
  },
  'a TCP check': {
    start: startHttpApplication,
    check: (address) => ({ ...often, TCP: address }),
    moods: ['away', '200'],
  },
  'a TCP check with thresholds': {
    start: startHttpApplication,
    check: (address) => ({ ...often, TCP: address, SuccessBeforePassing: 2, FailuresBeforeCritical: 2 }),
    moods: ['away', '200'],
  },
  'a gRPC check': {
    start: startGrpcApplication,
    check: (address) => ({ ...often, GRPC: address }),
    moods: ['not serving', 'serving', 'away', 'serving'],
  },
  'a gRPC check of a service': {
    start: startGrpcApplication,
    check: (address) => ({ ...often, GRPC: `${address}/web` }),
    moods: ['unknown', 'serving'],
  },
};

const closers = new Closers();
const ports: number[] = [];

before(async () => {
  const real = closers.add(await startRealConsul());
  const ours = closers.add(
    await startAgent({ dev: true, nodeName: 'real', http: [{ host: '127.0.0.1', port: 0 }] }, testRuntime()),
  );
  ports.push(real.port, ours.address.port);
});

after(() => closers.close());

test('checks that the agent runs', { concurrency: true }, async (t) => {
  const all = Object.entries(cases).map(([name, one], at) =>
    t.test(name, (t) => compare((agent) => follow(t, agent, `run-${at}`, one))),
  );
  await Promise.all(all);
});

test('a check with a TTL says what it was told, and what that was when it expires', () =>
  compare(async (agent) => {
    const told = await watchOf(agent, 'told', { TTL: '2s' });
    const said: Said[] = [];
    for (const [verdict, note] of [
      ['pass', 'all well'],
      ['warn', 'rather slow'],
      ['fail', 'no disk'],
      ['pass', ''],
    ] as const) {
      await put(agent, `agent/check/${verdict}/service:told?note=${encodeURIComponent(note)}`);
      said.push(await told.next());
    }
    said.push(await told.next());
    await put(agent, 'agent/check/pass/service:told?note=here%20again');
    said.push(await told.next(), await told.next());
    return said;
  }));

const mendNode = 'agent/maintenance?enable=true&reason=moving';
const nodeIsBack = 'agent/maintenance?enable=false';

/** What happens to what an alias follows. The real one notices a node's check with the service's next one, or after a minute. */
const aliases: Readonly<Record<string, { readonly alias: object; readonly turns: readonly (readonly string[])[] }>> = {
  'an alias of a service': {
    alias: { AliasService: 'followed' },
    turns: [
      ['agent/check/pass/service:followed?note=well'],
      ['agent/check/warn/service:followed?note=slow'],
      ['agent/check/fail/service:followed?note=gone'],
      ['agent/check/pass/service:followed'],
      ['agent/service/maintenance/followed?enable=true&reason=repair'],
      ['agent/service/maintenance/followed?enable=false'],
      [mendNode, 'agent/check/warn/service:followed'],
      [nodeIsBack, 'agent/check/pass/service:followed'],
    ],
  },
  'an alias of a node': { alias: { AliasNode: 'real' }, turns: [[mendNode], [nodeIsBack]] },
};

for (const [name, { alias, turns }] of Object.entries(aliases)) {
  test(name, () =>
    compare(async (agent) => {
      const followed = { Name: 'followed', Check: { TTL: '1h', Status: 'critical' } };
      await put(agent, 'agent/service/register', followed);
      const watch = await watchOf(agent, `follower-${name}`, alias);
      const said: Said[] = [];
      if (!('AliasService' in alias)) said.push(await watch.next('passing'));
      for (const turn of turns) {
        for (const path of turn) await put(agent, path);
        said.push(await watch.next());
      }
      return said;
    }),
  );
}

test('maintenance of a service and of the node is a check that comes and goes', () =>
  compare(async (agent) => {
    await put(agent, 'agent/service/register', { Name: 'kept' });
    const rows: unknown[] = [];
    for (const [path, list] of [
      ['agent/service/maintenance/kept?enable=true&reason=repair', 'health/checks/kept'],
      ['agent/service/maintenance/kept?enable=false', 'health/checks/kept'],
      [mendNode, 'health/state/critical'],
      [nodeIsBack, 'health/state/critical'],
    ] as const) {
      await put(agent, path);
      rows.push(await maintenanceIn(agent, list, path.includes('enable=true')));
    }
    return rows;
  }));

/** The maintenance checks of `list`, as soon as there are some, or none. */
async function maintenanceIn(agent: number, list: string, isWanted: boolean): Promise<unknown[]> {
  for (let index = '0'; ; ) {
    const answer = await get(agent, list, index);
    index = answer.index;
    const found = answer.checks.filter(({ CheckID }) => CheckID.includes('maintenance'));
    if (found.length > 0 === isWanted) return found.map((check) => comparable(check));
  }
}

interface Said {
  readonly status: string;
  readonly output: string;
}

interface Check {
  readonly CheckID: string;
  readonly Status: string;
  readonly Output: string;
}

async function compare(run: (agent: number) => Promise<unknown>): Promise<void> {
  const [expected, found] = await Promise.all(ports.map(run));
  assert.deepEqual(found, expected);
}

async function follow(t: TestContext, agent: number, service: string, one: Case): Promise<Said[]> {
  const { start, check, moods, answers = [] } = one;
  const application = await start();
  t.after(() => application.close());
  const address = `127.0.0.1:${application.port}`;
  const watch = await watchOf(agent, service, check(address));
  await watch.next(); // with the registration it may reach the real catalog one answer late
  const said: Said[] = [];
  for (const [at, mood] of moods.entries()) {
    await application.become(mood);
    const { status, output } = await watch.next();
    const atLeast = (answer: string): string => `${Math.min(Number(answer), answers[at] ?? 1)} or more`;
    said.push({ status, output: output.replaceAll(address, '<address>').replace(/(?<=answer )\d+$/, atLeast) });
  }
  await put(agent, `agent/service/deregister/${service}`);
  return said;
}

interface Watch {
  /** The check when its status is another than at the last look, or is `wanted`. */
  next(wanted?: string): Promise<Said>;
}

/** Registers `service` with this one check. */
async function watchOf(agent: number, service: string, check: object): Promise<Watch> {
  const ID = service.replaceAll(' ', '-');
  await put(agent, 'agent/service/register', { Name: ID, Check: { Status: 'critical', ...check } });
  let last = 'critical';
  return {
    next: async (wanted) => {
      for (let index = '0'; ; ) {
        const answer = await get(agent, `health/checks/${ID}`, index);
        index = answer.index;
        const row = answer.checks.find(({ CheckID }) => CheckID === `service:${ID}`);
        if (row === undefined || (wanted === undefined ? row.Status === last : row.Status !== wanted)) continue;
        last = row.Status;
        return { status: row.Status, output: row.Output };
      }
    },
  };
}

async function get(agent: number, path: string, index = '0'): Promise<{ index: string; checks: Check[] }> {
  const answer = await fetch(`http://127.0.0.1:${agent}/v1/${path}?index=${index}`, {
    signal: AbortSignal.timeout(15_000),
  });
  return { index: answer.headers.get('x-consul-index') ?? '0', checks: (await answer.json()) as Check[] };
}

async function put(agent: number, path: string, body?: object): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${agent}/v1/${path}`, {
    method: 'PUT',
    ...(body && { body: JSON.stringify(body) }),
  });
  assert.equal(answer.status, 200, `${path}: ${await answer.text()}`);
}
