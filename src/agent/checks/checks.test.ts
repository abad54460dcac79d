import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { FakeClock } from '../../mesh/fake-clock.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { registerDefinitions } from '../definitions.ts';
import { memoryStorage } from '../persist/storage.ts';
import { NodeRows } from '../registry/node-rows.ts';
import { planCheck } from '../registry/plan-check.ts';
import { writeRows } from '../registry/write-rows.ts';
import { Store } from '../state/store.ts';
import type { CheckDefinition, CheckRow } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { startChecks } from './checks.ts';
import { heardFrom } from './ttl.ts';

const nodeName = 'node-1';

test('a TTL check lapses when nothing is heard, and lives as long as something is', async () => {
  await using agent = start();
  await agent.register('alive', { ttl: 10_000 }, 'passing');
  await agent.clock.advance(9_000);
  await agent.hear('alive', 'fine');
  await agent.clock.advance(9_000);
  assert.equal(agent.check('alive').status, 'passing');
  await agent.clock.advance(1_000);
  assert.deepEqual(agent.health('alive'), ['critical', 'TTL expired (last output before timeout follows): fine']);

  await agent.hear('alive', 'back');
  assert.deepEqual(agent.health('alive'), ['passing', 'back']);
  await agent.clock.advance(10_000);
  assert.equal(agent.check('alive').status, 'critical');
});

test('after a restart, what was alive has its whole time again, and what lapsed meanwhile is critical at once', async () => {
  const store = new Store(memoryStorage());
  const clock = new FakeClock();
  {
    await using agent = start(store, clock);
    await agent.register('short', { ttl: 5_000 }, 'passing');
    await agent.register('long', { ttl: 60_000 }, 'passing');
  }
  await clock.advance(30_000);
  await using agent = start(store, clock);
  await clock.advance(0);
  assert.deepEqual(agent.health('short'), ['critical', 'TTL expired']);
  await clock.advance(59_999);
  assert.equal(agent.check('long').status, 'passing');
  await clock.advance(1);
  assert.equal(agent.check('long').status, 'critical');
});

test('an HTTP check runs first after a part of its interval, then at each interval, until it is gone', async () => {
  const asked: number[] = [];
  const clock = new FakeClock(0);
  let code = 200;
  const server = createServer((_request, response) => {
    asked.push(clock.now());
    response.writeHead(code).end(`at ${clock.now()}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const store = new Store(memoryStorage());
  {
    await using agent = start(store, clock, 0.5);
    await agent.register('http', { http: `http://127.0.0.1:${port}/`, interval: 10_000 });
    await clock.advance(4_999);
    assert.deepEqual(asked, []);
    await agent.after(() => clock.advance(1));
    assert.equal(agent.check('http').status, 'passing');

    code = 500;
    await agent.after(() => clock.advance(10_000));
    assert.equal(agent.check('http').status, 'critical');
    assert.match(agent.check('http').output, /500 Internal Server Error Output: at 15000$/);

    await agent.deregister('http');
    await clock.advance(60_000);
    assert.deepEqual(asked, [5_000, 15_000]);
  }
  server.close();
});

test('a script that was registered when that was allowed does not run when it no longer is', async () => {
  const store = new Store(memoryStorage());
  {
    await using agent = start(store);
    await agent.register('script', { args: ['true'], interval: 1_000 }, 'passing');
  }
  await using agent = start(store);
  await agent.clock.advance(60_000);
  assert.equal(agent.check('script').status, 'critical');
  assert.match(agent.check('script').output, /^Scripts are disabled on this agent from remote calls/);
});

test('a service that stays critical for longer than it may is deregistered with its checks, and one that recovers is not', async () => {
  await using agent = start();
  const Check = { TTL: '1h', Status: 'critical', DeregisterCriticalServiceAfter: '90s' };
  const services = ['lost', 'mended'].map((Name) => ({ Name, Check }));
  await registerDefinitions(
    agent.store,
    { services, checks: [] },
    { nodeName, now: agent.clock.now(), sidecarPorts: { min: 0, max: 0 } },
  );
  await agent.clock.advance(60_000);
  await agent.hear('service:mended', 'back');
  await agent.clock.advance(59_999);
  assert.equal(agent.check('service:lost').status, 'critical');
  await agent.clock.advance(1);
  await agent.store.settled();
  const rows = new NodeRows(agent.store, nodeName);
  assert.deepEqual(
    [...rows.services()].map(({ id }) => id),
    ['mended'],
  );
  assert.deepEqual(
    [...rows.checks()].map(({ checkId }) => checkId),
    ['service:mended'],
  );
});

test('newer output at the same status is known to the agent at once and to the catalog in time', async () => {
  await using agent = start();
  await agent.register('alive', { ttl: 3_600_000 }, 'passing');
  await agent.hear('alive', 'one');
  const index = agent.store.indexOf([topic.checks]);
  assert.deepEqual([agent.check('alive').output, agent.check('alive').local?.output], ['', 'one']);
  await agent.clock.advance(300_000);
  assert.deepEqual([agent.check('alive').output, agent.check('alive').local?.output], ['one', undefined]);
  assert.ok(agent.store.indexOf([topic.checks]) > index);
});

interface Running extends AsyncDisposable {
  readonly store: Store;
  readonly clock: FakeClock;
  register(id: string, definition: Omit<CheckDefinition, 'type'>, status?: string): Promise<void>;
  deregister(id: string): Promise<void>;
  hear(id: string, output: string): Promise<void>;
  check(id: string): CheckRow;
  health(id: string): unknown;
  /** Does `act` and waits until a check has changed for it. */
  after(act: () => Promise<void>): Promise<void>;
}

function start(store = new Store(memoryStorage()), clock = new FakeClock(), chance = 0): Running {
  const checks = startChecks({ store, nodeName, runtime: testRuntime({ clock, random: () => chance }) });
  const rows = new NodeRows(store, nodeName);
  const check = (id: string): CheckRow => rows.check(id) ?? assert.fail(`no check ${id}`);
  return {
    store,
    clock,
    check,
    register: (id, definition, status = '') =>
      writeRows(store, (writer) => {
        writer.putCheck(
          planCheck({ id, name: id, notes: '', status, definition }, undefined, rows, { now: clock.now() }),
        );
      }),
    deregister: (id) => writeRows(store, (writer) => writer.deleteCheck(nodeName, id)),
    hear: (id, output) =>
      writeRows(store, (writer) => writer.putCheck(heardFrom(check(id), 'passing', output, clock.now()))),
    health: (id) => [check(id).status, check(id).output],
    after: async (act) => {
      const since = store.indexOf([topic.checks]);
      await act();
      await store.waitForChange([topic.checks], since, new AbortController().signal);
    },
    [Symbol.asyncDispose]: () => checks.close(),
  };
}
