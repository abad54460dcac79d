import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withResult } from '../checks/result.ts';
import { parseAgentConfig } from '../config.ts';
import { enterOwnNode } from '../own-node.ts';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import type { CheckRow, ServiceRow } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { NodeRows } from './node-rows.ts';
import { writeRows } from './write-rows.ts';

const node = 'node-1';

/** What a change of one check of `web` shows in. */
const ofWebsCheck = [topic.checks, topic.checksOfNode(node), topic.service('web')];

test('a change shows in what reads it, and nowhere else', async () => {
  const store = await storeWith({ services: ['web', 'db'], proxies: ['web'], checks: ['web'] });
  const changes: readonly (readonly [string, () => Promise<void>, readonly string[]])[] = [
    ['a check’s status', () => setStatus(store, 'web', 'critical'), ofWebsCheck],
    [
      'a check of the proxy',
      () => put(store, undefined, checkOf('web-proxy')),
      [
        topic.checkDefinitions,
        topic.checks,
        topic.checksOfNode(node),
        topic.service('web-proxy'),
        topic.connect('web'),
      ],
    ],
    [
      'a check of the node',
      () => put(store, undefined, checkOf('')),
      [
        topic.checkDefinitions,
        topic.checks,
        topic.checksOfNode(node),
        topic.service('web'),
        topic.service('db'),
        topic.service('web-proxy'),
        topic.connect('web'),
        topic.service('consul'),
      ],
    ],
    [
      'a port',
      () => put(store, { ...serviceOf('db'), port: 2 }),
      [topic.node(node), topic.service('db'), topic.agentService('db')],
    ],
    [
      'a tag',
      () => put(store, { ...serviceOf('db'), port: 2, tags: ['v2'] }),
      [topic.node(node), topic.service('db'), topic.agentService('db'), topic.services],
    ],
    ['a token', () => put(store, { ...serviceOf('db'), port: 2, tags: ['v2'], local: { token: 'x' } }), []],
    ['nothing', () => put(store, { ...serviceOf('db'), port: 2, tags: ['v2'], local: { token: 'x' } }), []],
    ['newer output', () => write(store, (row) => withResult(row, 'critical', 'still down')), []],
    [
      'a service’s end',
      () => writeRows(store, (writer) => writer.deleteService(node, 'db')),
      [topic.node(node), topic.service('db'), topic.agentService('db'), topic.services],
    ],
  ];
  const topics = [...new Set(changes.flatMap(([, , touched]) => touched)), topic.nodes];
  for (const [what, change, touched] of changes) {
    const before = new Map(topics.map((name) => [name, store.indexOf([name])]));
    const index = store.index;
    await change();
    const moved = topics.filter((name) => store.indexOf([name]) !== before.get(name));
    assert.deepEqual(moved.toSorted(), touched.toSorted(), what);
    assert.equal(store.index, touched.length === 0 ? index : index + 1, `${what} is one step`);
  }
});

test('an alias follows its service within the same step, and the node’s own checks too', async () => {
  const store = await storeWith({ services: ['web'], checks: ['web'] });
  const alias = { ...checkOf('', 'alias'), serviceId: 'web', serviceName: 'web', checkId: 'alias' };
  await put(store, serviceOf('app'), {
    ...alias,
    serviceId: 'app',
    serviceName: 'app',
    local: { definition: { type: 'alias', aliasService: 'web' } },
  });
  assert.deepEqual(aliasHealth(store), ['passing', 'All checks passing.']);

  const index = store.index;
  await setStatus(store, 'web', 'critical', 'refused');
  assert.deepEqual(aliasHealth(store), ['critical', 'Aliased check "check of web" failing: refused']);
  assert.equal(store.index, index + 1);

  await setStatus(store, 'web', 'passing');
  assert.deepEqual(aliasHealth(store), ['passing', 'All checks passing.']);
  await put(store, undefined, { ...checkOf(''), status: 'warning' });
  assert.deepEqual(aliasHealth(store), ['warning', 'Aliased check "check of " failing: ']);
  await writeRows(store, (writer) => writer.deleteCheck(node, 'check-'));
  await writeRows(store, (writer) => writer.deleteCheck(node, 'check-web'));
  assert.deepEqual(aliasHealth(store), ['passing', 'No checks found.']);
  await writeRows(store, (writer) => writer.deleteService(node, 'web'));
  assert.deepEqual(aliasHealth(store), ['critical', 'Service "web" on node "node-1" is not registered.']);
});

test('aliases of each other settle', async () => {
  const store = await storeWith({ services: ['a', 'b'] });
  const alias = (of: string, target: string): CheckRow => ({
    ...checkOf(of),
    status: 'critical',
    local: { definition: { type: 'alias', aliasService: target } },
  });
  await put(store, undefined, alias('a', 'b'));
  await put(store, undefined, alias('b', 'a'));
  assert.ok(['passing', 'critical'].includes(new NodeRows(store, node).check('check-a')?.status ?? ''));
});

test('starting again as the same node changes nothing; under another name, registrations move along', async () => {
  const store = await storeWith({ services: ['web'], checks: ['web'] });
  const index = store.index;
  await enter(store, node);
  assert.equal(store.index, index);

  await enter(store, 'node-2');
  assert.equal(new NodeRows(store, node).row(), undefined);
  const rows = new NodeRows(store, 'node-2');
  assert.deepEqual([...rows.services()].map(({ id }) => id).toSorted(), ['consul', 'web']);
  assert.equal(rows.check('check-web')?.serviceName, 'web');
});

interface Given {
  readonly services: readonly string[];
  readonly proxies?: readonly string[];
  readonly checks?: readonly string[];
}

async function storeWith({ services, proxies = [], checks = [] }: Given): Promise<Store> {
  const store = new Store(memoryStorage());
  await enter(store, node);
  for (const name of services) await put(store, serviceOf(name));
  for (const name of proxies) {
    await put(store, { ...serviceOf(`${name}-proxy`), kind: 'connect-proxy', proxy: { destinationServiceName: name } });
  }
  for (const name of checks) await put(store, undefined, checkOf(name));
  return store;
}

async function enter(store: Store, nodeName: string): Promise<void> {
  await enterOwnNode(store, parseAgentConfig({ dev: true, nodeName }));
}

function serviceOf(name: string): ServiceRow {
  return {
    node,
    id: name,
    kind: '',
    name,
    tags: [],
    meta: null,
    address: '',
    port: 1,
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    isNative: false,
    local: {},
  };
}

function checkOf(service: string, type: 'ttl' | 'alias' = 'ttl'): CheckRow {
  return {
    node,
    checkId: `check-${service}`,
    name: `check of ${service}`,
    status: 'passing',
    notes: '',
    output: '',
    serviceId: service,
    serviceName: service,
    serviceTags: [],
    type,
    local: { definition: { type } },
  };
}

async function put(store: Store, service?: ServiceRow, check?: CheckRow): Promise<void> {
  await writeRows(store, (writer) => {
    if (service) writer.putService(service);
    if (check) writer.putCheck(check);
  });
}

function setStatus(store: Store, service: string, status: CheckRow['status'], output = ''): Promise<void> {
  return put(store, undefined, { ...checkOf(service), status, output });
}

function write(store: Store, change: (row: CheckRow) => CheckRow): Promise<void> {
  return put(store, undefined, change(new NodeRows(store, node).check('check-web') ?? assert.fail()));
}

function aliasHealth(store: Store): unknown {
  const { status, output, local } = new NodeRows(store, node).check('alias') ?? assert.fail();
  return [status, local?.output ?? output];
}
