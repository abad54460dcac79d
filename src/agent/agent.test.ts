import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { InputError, type Log, silentLog } from '../base/index.ts';
import { testRuntime } from '../testing/test-runtime.ts';
import { startAgent } from './agent.ts';
import type { Agent } from './agent-interface.ts';
import type { AgentOptions } from './config.ts';

test('without a data directory and without -dev there is no agent, and the error names both', async () => {
  await assert.rejects(startAgent({}, testRuntime()), /-data-dir.*-dev/);
});

test('configuration that can not be used is refused by the name of its place', async () => {
  const table: readonly (readonly [AgentOptions, RegExp])[] = [
    [{ nodeName: 'a b' }, /^nodeName: expected a name without spaces/],
    [{ datacenter: 'DC 1' }, /^datacenter: /],
    [{ nodeId: 'x' }, /^nodeId: expected a UUID/],
    [{ http: [{ host: '127.0.0.1', port: 70_000 }] }, /^http\[0\]/],
    [{ nodeAddress: 'localhost' }, /^nodeAddress: expected an IP address/],
    [{ sidecarPorts: { min: 5, max: 4 } }, /^sidecarPorts: expected min to be at most max/],
    [{ definitions: { services: [{ Port: 1 }] } }, /^service 1: Missing service name/],
    [{ definitions: { services: [{ Name: 'web', Port: 'x' }] } }, /^service "web": json: cannot unmarshal string/],
    [{ definitions: { checks: [{ Name: 'c' }] } }, /^check "c": /],
    [{ caConfig: { LeafCertTTL: '1s' } }, /leaf cert TTL/],
  ];
  for (const [options, message] of table) {
    await assert.rejects(
      start(options),
      (error: Error) => error instanceof InputError && message.test(error.message),
      String(message),
    );
  }
});

test('the agent itself is in catalog and health, and never among what it has registered', async () => {
  await using agent = await start({ nodeName: 'here', nodeMeta: { env: 'test' } });
  const [node] = await get<NodeShown[]>(agent, '/v1/catalog/nodes');
  assert.deepEqual(Object.keys(node?.TaggedAddresses ?? {}), ['lan', 'lan_ipv4', 'wan', 'wan_ipv4']);
  assert.deepEqual(node?.Meta, { 'consul-network-segment': '', env: 'test' });
  assert.deepEqual(await get(agent, '/v1/catalog/services'), { consul: [] });
  const checks = await get<{ CheckID: string; Status: string }[]>(agent, '/v1/health/node/here');
  assert.deepEqual(
    checks.map(({ CheckID, Status }) => [CheckID, Status]),
    [['serfHealth', 'passing']],
  );
  assert.deepEqual(await get(agent, '/v1/agent/services'), {});
  assert.deepEqual(await get(agent, '/v1/agent/checks'), {});
});

test('catalog/nodes has the index of its newest node and says that there is a leader', async () => {
  await using agent = await start();
  const answer = await fetch(at(agent, '/v1/catalog/nodes'));
  const [node] = (await answer.json()) as NodeShown[];
  assert.equal(answer.headers.get('x-consul-index'), String(node?.ModifyIndex));
  assert.ok((node?.ModifyIndex ?? 0) >= 2);
  assert.equal(answer.headers.get('x-consul-knownleader'), 'true');
});

test('node ID, trust domain and registrations survive a restart, and nothing is written by it', async (t) => {
  const dataDir = folderFor(t);
  const first = await start({ dataDir });
  await put(first, '/v1/agent/service/register', { Name: 'web', Check: { TTL: '1h', Status: 'warning' } });
  const { NodeID } = await self(first);
  const before = [first.trustDomain, NodeID, await get(first, '/v1/agent/checks')];
  const nodes = await get(first, '/v1/catalog/nodes');
  await first.close();
  await using second = await start({ dataDir });
  assert.deepEqual([second.trustDomain, (await self(second)).NodeID, await get(second, '/v1/agent/checks')], before);
  assert.deepEqual(await get(second, '/v1/catalog/nodes'), nodes);
});

test('under another name the agent keeps its ID and what it had registered', async (t) => {
  const dataDir = folderFor(t);
  const first = await start({ dataDir, nodeName: 'old' });
  await put(first, '/v1/agent/service/register', { Name: 'web', Check: { TTL: '1h', Status: 'warning' } });
  await first.close();
  await using second = await start({ dataDir, nodeName: 'new' });
  const nodes = await get<NodeShown[]>(second, '/v1/catalog/nodes');
  assert.deepEqual(
    nodes.map(({ Node }) => Node),
    ['new'],
  );
  const [entry] = await get<{ Node: NodeShown; Checks: { CheckID: string; Status: string }[] }[]>(
    second,
    '/v1/health/service/web',
  );
  assert.equal(entry?.Node.Node, 'new');
  assert.deepEqual(
    entry?.Checks.map(({ CheckID, Status }) => [CheckID, Status]),
    [
      ['serfHealth', 'passing'],
      ['service:web', 'warning'],
    ],
  );
});

test('a node ID and a cluster ID that are given are used', async () => {
  const [nodeId, clusterId] = [randomUUID(), randomUUID()];
  await using agent = await start({ nodeId, clusterId });
  assert.equal((await self(agent)).NodeID, nodeId);
  assert.equal(agent.trustDomain, `${clusterId}.consul`);
});

test('a second agent on the same data directory is refused and leaves the first alone', async (t) => {
  const dataDir = folderFor(t);
  await using agent = await start({ dataDir });
  await assert.rejects(start({ dataDir }), { code: 'IN_USE', message: /is in use by another agent \(process \d+\)/ });
  await put(agent, '/v1/agent/service/register', { Name: 'web' });
});

test('a start that fails at its port lets go of the data directory', async (t) => {
  const dataDir = folderFor(t);
  await using other = await start();
  await assert.rejects(start({ dataDir, http: [other.address] }), /can't listen on .*in use/);
  await using _ = await start({ dataDir });
});

test('files define services and checks; a reload brings new ones, changes kept ones, drops former ones, and spares the rest', async () => {
  const definitions = {
    services: [{ name: 'kept', port: 1 }, { Name: 'former' }],
    checks: [{ Name: 'disk', TTL: '1h' }],
  };
  await using agent = await start({ definitions });
  await put(agent, '/v1/agent/service/register', { Name: 'by-hand' });
  await put(agent, '/v1/agent/check/pass/disk');
  assert.deepEqual(Object.keys(await get<object>(agent, '/v1/agent/services')), ['by-hand', 'former', 'kept']);

  await agent.reload({
    services: [{ Name: 'kept', Port: 2 }, { Name: 'fresh' }],
    checks: [{ Name: 'disk', TTL: '2h' }],
  });
  const services = await get<Record<string, { Port: number }>>(agent, '/v1/agent/services');
  assert.deepEqual(
    Object.entries(services).map(([id, { Port }]) => [id, Port]),
    [
      ['by-hand', 0],
      ['fresh', 0],
      ['kept', 2],
    ],
  );
  const { disk } = await get<{ disk: { Status: string } }>(agent, '/v1/agent/checks');
  assert.equal(disk.Status, 'passing');

  await assert.rejects(
    agent.reload({ services: [{ Name: 'one' }, { Name: 'bad', Port: 'x' }], checks: [] }),
    /^InputError: service "bad"/,
  );
  assert.deepEqual(Object.keys(await get<object>(agent, '/v1/agent/services')), ['by-hand', 'fresh', 'kept']);
});

test('PUT /v1/agent/reload has registered what is defined when it answers, and tells what is wrong', async () => {
  let name = 'one';
  const readDefinitions = async (): Promise<{ services: object[]; checks: object[] }> => {
    if (name === '') throw new InputError('web.json', 'unexpected EOF');
    return { services: [{ Name: name }], checks: [] };
  };
  await using agent = await startAgent(local, testRuntime(), { readDefinitions });
  await put(agent, '/v1/agent/reload');
  name = 'two';
  await put(agent, '/v1/agent/reload');
  assert.deepEqual(Object.keys(await get<object>(agent, '/v1/agent/services')), ['two']);
  name = '';
  const answer = await fetch(at(agent, '/v1/agent/reload'), { method: 'PUT' });
  assert.deepEqual([answer.status, await answer.text()], [500, 'web.json: unexpected EOF']);
});

test('the small endpoints answer as clients expect', async () => {
  await using agent = await start({ nodeName: 'here' });
  const table: readonly (readonly [string, number, RegExp])[] = [
    ['/', 200, /^Consul Agent$/],
    ['/v1/status/leader', 200, /^"127\.0\.0\.1:8300"$/],
    ['/v1/status/peers', 200, /^\["127\.0\.0\.1:8300"\]$/],
    ['/v1/status/leader?dc=dc1', 200, /8300/],
    ['/v1/status/leader?dc=nope', 500, /^No path to datacenter$/],
    ['/v1/status/peers?dc=nope', 500, /^No path to datacenter$/],
    ['/v1/agent/members', 200, /^\[\{"Name":"here","Addr":"127.0.0.1","Port":8301,/],
    ['/v1/agent/members?wan=1', 200, /"Name":"here\.dc1"/],
    ['/v1/kv/some/key', 501, /no key\/value store/],
    ['/v1/session/list', 501, /no sessions/],
    ['/v1/snapshot', 501, /no snapshots/],
    ['/v1/query', 501, /no prepared queries/],
    ['/v1/query/near-db/execute', 501, /no prepared queries/],
    ['/v1/event/list', 501, /no user events/],
    ['/v1/discovery-chain/web', 501, /no discovery chain/],
    ['/v1/nope', 404, /^$/],
  ];
  for (const [path, status, body] of table) {
    const answer = await fetch(at(agent, path));
    assert.equal(answer.status, status, path);
    assert.match(await answer.text(), body, path);
  }
  const { Config, Stats } = await get<SelfShown>(agent, '/v1/agent/self');
  assert.deepEqual([Config.Version, Config.Datacenter, Config.NodeName], ['1.10.0', 'dc1', 'here']);
  assert.deepEqual([Stats.agent.services, Stats.agent.checks], ['0', '0']);
});

test('what applies where no intention matches is said once in the log', async () => {
  for (const policy of [undefined, 'deny'] as const) {
    const lines: unknown[] = [];
    const log: Log = { ...silentLog, info: (message, fields) => void lines.push([message, fields]) };
    await using _ = await start(policy === undefined ? {} : { defaultIntentionPolicy: policy }, { log });
    const said = lines.filter((line) => JSON.stringify(line).includes('no intention matches'));
    assert.equal(said.length, 1);
    assert.match(JSON.stringify(said), policy === undefined ? /"allow".*ACLs disabled/ : /"deny"/);
  }
});

test('HTTP is served on a Unix socket alone when that is asked for', async (t) => {
  const path = join(folderFor(t), 'http.sock');
  await using agent = await start({ http: [{ path }] });
  assert.deepEqual(agent.addresses, [{ path }]);
  assert.throws(() => agent.address, /no TCP port/);
  const status = await new Promise((resolve) => {
    http.get({ socketPath: path, path: '/v1/status/leader', agent: false }, (response) =>
      resolve(response.resume().statusCode),
    );
  });
  assert.equal(status, 200);
});

test('an agent without a listener is asked in its process', async () => {
  await using agent = await start({ http: [] });
  assert.deepEqual(agent.addresses, []);
  const leader = await agent.fetch('/v1/status/leader');
  assert.deepEqual([leader.status, await leader.json()], [200, '127.0.0.1:8300']);
  const service = { Name: 'web', Port: 80 };
  await agent.fetch('/v1/agent/service/register', { method: 'PUT', body: JSON.stringify(service) });
  const instances = (await (await agent.fetch('/v1/health/service/web')).json()) as unknown[];
  assert.equal(instances.length, 1);
});

test('its program says who may talk to whom, without a token', async () => {
  await using agent = await start({ http: [] });
  const check = async (): Promise<unknown> =>
    (await agent.fetch('/v1/connect/intentions/check?source=web&destination=db')).json();
  await agent.deny('*', 'db');
  assert.deepEqual(await check(), { Allowed: false });
  await agent.allow('web', 'db');
  assert.deepEqual(await check(), { Allowed: true });
  await agent.deny('web', 'db');
  assert.deepEqual(await check(), { Allowed: false });
  await assert.rejects(agent.deny('w*', 'db'), { name: 'InputError', message: /wildcard/ });
  await assert.rejects(agent.deny('', 'db'), { name: 'InputError' });
});

test('a query that waits in the process is woken by a change and ended by close', async () => {
  const agent = await start({ http: [] });
  const match = '/v1/connect/intentions/match?by=destination&name=db';
  const first = await agent.fetch(match);
  const index = first.headers.get('x-consul-index');
  const woken = agent.fetch(`${match}&index=${index}`);
  await agent.deny('web', 'db');
  const answer = await woken;
  assert.match(await answer.text(), /"Action":"deny"/);
  const waiting = agent.fetch(`${match}&index=${answer.headers.get('x-consul-index')}`);
  await agent.close();
  assert.equal((await waiting).status, 200);
  await assert.rejects(agent.fetch(match), /closed/);
});

test('closing answers who waits, and says that it has closed', async () => {
  const agent = await start();
  const nodes = await fetch(at(agent, '/v1/catalog/nodes'));
  await nodes.text();
  const index = nodes.headers.get('x-consul-index');
  const waiting = fetch(at(agent, `/v1/catalog/nodes?index=${index}`));
  await get(agent, '/v1/status/leader');
  await agent.close();
  assert.equal((await waiting).headers.get('x-consul-index'), index);
  assert.equal(await agent.closed, undefined);
});

const local: AgentOptions = { dev: true, http: [{ host: '127.0.0.1', port: 0 }] };

interface NodeShown {
  readonly Node: string;
  readonly TaggedAddresses: object;
  readonly Meta: object;
  readonly ModifyIndex: number;
}

interface SelfShown {
  readonly Config: {
    readonly Version: string;
    readonly Datacenter: string;
    readonly NodeName: string;
    readonly NodeID: string;
  };
  readonly Stats: { readonly agent: { readonly services: string; readonly checks: string } };
}

function start(options: AgentOptions = {}, parts: { readonly log?: Log } = {}): Promise<Agent> {
  const { dev: _, ...rest } = local;
  return startAgent(
    options.dataDir === undefined ? { ...local, ...options } : { ...rest, ...options },
    testRuntime(parts),
  );
}

function at(agent: Agent, path: string): string {
  return `http://127.0.0.1:${agent.address.port}${path}`;
}

async function get<T>(agent: Agent, path: string): Promise<T> {
  const answer = await fetch(at(agent, path));
  assert.equal(answer.status, 200, path);
  return (await answer.json()) as T;
}

async function put(agent: Agent, path: string, body?: object): Promise<void> {
  const answer = await fetch(at(agent, path), { method: 'PUT', ...(body ? { body: JSON.stringify(body) } : {}) });
  assert.equal(answer.status, 200, `${path}: ${await answer.text()}`);
}

async function self(agent: Agent): Promise<SelfShown['Config']> {
  return (await get<SelfShown>(agent, '/v1/agent/self')).Config;
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
