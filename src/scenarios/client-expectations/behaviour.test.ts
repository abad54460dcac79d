/** What clients expect of services, checks, the CA and filters. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAskedAgent } from './asked-agent.ts';

interface Check {
  readonly CheckID: string;
  readonly ServiceName: string;
  readonly ServiceTags: readonly string[];
}

test('21: Check and Checks count together, named and told of their service, by ID, those of the node first', async () => {
  await using agent = await startAskedAgent();
  await agent.put('catalog/register', {
    Node: 'other',
    Address: '192.0.2.1',
    Service: { ID: 'web-1', Service: 'web', Tags: ['blue'] },
    Check: { Name: 'b', ServiceID: 'web-1' },
    Checks: [{ Name: 'a', ServiceID: 'web-1' }, { Name: 'zz-node' }],
  });
  const [{ Checks }]: [{ Checks: Check[] }] = await agent.get('health/service/web');
  assert.deepEqual(
    Checks.map(({ CheckID, ServiceName, ServiceTags }) => [CheckID, ServiceName, ServiceTags]),
    [
      ['zz-node', '', []],
      ['a', 'web', ['blue']],
      ['b', 'web', ['blue']],
    ],
  );
});

test('22: one registration is one step; checks go with their service, and what is gone deregisters in peace', async () => {
  await using agent = await startAskedAgent();
  const index = (await agent.ask('GET', 'health/service/web')).headers.get('x-consul-index');
  const woken = agent.ask('GET', `health/service/web?index=${index}&wait=60s`);
  await agent.put('catalog/register', {
    Node: 'other',
    Address: '192.0.2.1',
    Service: { Service: 'web' },
    Check: { Name: 'alive', ServiceID: 'web' },
  });
  const [{ Node, Service, Checks }] = (await woken).json;
  assert.deepEqual([Node.Node, Service.Service, Checks.length], ['other', 'web', 1]);
  assert.equal(new Set([Node, Service, Checks[0]].map(({ ModifyIndex }) => ModifyIndex)).size, 1);

  for (const _ of ['there', 'gone']) await agent.put('catalog/deregister', { Node: 'other', ServiceID: 'web' });
  assert.deepEqual(await agent.get('health/node/other'), []);
  await agent.put('catalog/deregister', { Node: 'other', CheckID: 'alive' });
  assert.equal(await agent.get('catalog/node/nowhere'), null);
});

test('23: SkipNodeUpdate keeps the node, an ID may be on several nodes, and the same again changes no index', async () => {
  await using agent = await startAskedAgent();
  const on = (node: string, more: object) => ({ Node: node, Service: { ID: 'web', Service: 'web' }, ...more });
  await agent.put('catalog/register', on('a', { Address: '192.0.2.1', NodeMeta: { rack: '7' } }));
  await agent.put('catalog/register', on('b', { Address: '192.0.2.2' }));
  const indexOf = async () => (await agent.ask('GET', 'catalog/service/web')).headers.get('x-consul-index');
  const before = await indexOf();
  await agent.put('catalog/register', on('a', { SkipNodeUpdate: true }));
  assert.equal(await indexOf(), before);
  const rows: { Node: string; Address: string; NodeMeta: object | null }[] = await agent.get('catalog/service/web');
  assert.deepEqual(
    rows.map(({ Node, Address, NodeMeta }) => [Node, Address, NodeMeta]),
    [
      ['a', '192.0.2.1', { rack: '7' }],
      ['b', '192.0.2.2', null],
    ],
  );
});

test('24: a rotation is one step from the old root to both with the new one active; new TTLs alone rotate nothing', async () => {
  await using agent = await startAskedAgent();
  const roots = async (index?: string | null) =>
    agent.ask('GET', `connect/ca/roots${index === undefined ? '' : `?index=${index}&wait=60s`}`);
  const first = await roots();
  const { Config } = await agent.get('connect/ca/configuration');
  const changed = { Provider: 'consul', Config: { ...Config, PrivateKey: '', LeafCertTTL: '48h' } };
  await agent.put('connect/ca/configuration', changed);
  assert.equal((await roots()).json.ActiveRootID, first.json.ActiveRootID);
  const leaf = await agent.ask('GET', 'agent/connect/ca/leaf/web');

  const [next, renewed] = await Promise.all([
    roots((await roots()).headers.get('x-consul-index')),
    agent.ask('GET', `agent/connect/ca/leaf/web?index=${leaf.headers.get('x-consul-index')}&wait=60s`),
    agent.rotateRoot(),
  ]);
  const ids: string[] = next.json.Roots.map(({ ID }: { ID: string }) => ID);
  assert.deepEqual(
    [ids.length, ids.includes(first.json.ActiveRootID), ids.includes(next.json.ActiveRootID)],
    [2, true, true],
  );
  assert.notEqual(next.json.ActiveRootID, first.json.ActiveRootID);
  for (const key of ['PrivateKeyPEM', 'CertPEM', 'ModifyIndex'])
    assert.notEqual(renewed.json[key], leaf.json[key], key);
});

test('25: the CA configuration never holds a key, and what was read is written back without a rotation', async () => {
  await using agent = await startAskedAgent();
  await agent.rotateRoot();
  const { ActiveRootID } = await agent.get('connect/ca/roots');
  const read = await agent.get('connect/ca/configuration');
  assert.ok(!('PrivateKey' in read.Config) && !('RootCert' in read.Config), JSON.stringify(read));
  await agent.put('connect/ca/configuration', read);
  assert.equal((await agent.get('connect/ca/roots')).ActiveRootID, ActiveRootID);
});

test('26: errors and reasons are in the words that clients look for', async () => {
  await using agent = await startAskedAgent();
  const bad = await agent.ask('PUT', 'agent/check/register', { Name: 'c', TTL: 'nope' });
  assert.equal(bad.status, 400);
  assert.match(bad.text, /time: invalid duration "nope"/);
  assert.match((await agent.ask('GET', 'catalog/nodes?index=1&wait=nope')).text, /[Ii]nvalid/);
  const ClientCertURI = `spiffe://${agent.trustDomain}/ns/default/dc/dc1/svc/web`;
  const { json } = await agent.ask('POST', 'agent/connect/authorize', {
    Target: 'db',
    ClientCertURI,
    ClientCertSerial: '01',
  });
  assert.deepEqual([json.Authorized, json.Reason], [true, 'ACLs disabled, access is allowed by default']);
});

test('27: the filter language', async () => {
  await using agent = await startAskedAgent({ nodeMeta: { os: 'linux' } });
  await agent.put('agent/service/register', {
    Name: 'web',
    Port: 443,
    Tags: ['x'],
    Meta: { env: 'prod', version: '1' },
  });
  await agent.put('agent/service/register', { Name: 'db', Port: 5432, Connect: { Native: true } });
  const rows = async (path: string, filter: string): Promise<unknown[]> =>
    agent.get(`${path}?filter=${encodeURIComponent(filter)}`);
  const services = [
    ['ServiceName == web', 1],
    ['ServiceName != web', 0],
    ['x in ServiceTags', 1],
    ['y in ServiceTags or ServicePort == 443', 1],
    ['x in ServiceTags and not ServicePort == 443', 0],
    ['ServiceMeta.env == prod', 1],
    ['NodeMeta.os == "linux"', 1],
    ['ServiceConnect.Native != true', 1],
    ['ServiceID == ``', 0],
  ] as const;
  for (const [filter, count] of services)
    assert.equal((await rows('catalog/service/web', filter)).length, count, filter);
  for (const [filter, count] of [
    ['Service.Meta.version == 1', 1],
    ['Service.Meta.version == 10', 0],
    ['Checks.ServiceID == ``', 1],
  ] as const)
    assert.equal((await rows('health/service/web', filter)).length, count, filter);
  for (const [filter, names] of [
    ['Service == web', ['web']],
    ['Service == nothing', []],
  ] as const) {
    const { Node, Services } = await agent.get(`catalog/node/ours?filter=${encodeURIComponent(filter)}`);
    assert.deepEqual([Node.Node, Object.keys(Services)], ['ours', names]);
  }
});

test('28: all tags must match; a maintenance check has type and reason, a TTL check its name, ID and first state', async () => {
  await using agent = await startAskedAgent();
  await agent.put('agent/service/register', { Name: 'foo', Tags: ['a', 'b'], Check: { TTL: '60s' } });
  await agent.put('agent/service/register', { Name: 'bar', Checks: [{ TTL: '60s' }, { TTL: '60s' }] });
  for (const [query, count] of [
    ['tag=a', 1],
    ['tag=a&tag=b', 1],
    ['tag=a&tag=c', 0],
  ] as const)
    assert.equal((await agent.get(`health/service/foo?${query}`)).length, count, query);

  const checks = await agent.get('agent/checks');
  assert.deepEqual(Object.keys(checks).sort(), ['service:bar:1', 'service:bar:2', 'service:foo']);
  const { Type, Status, Output, Name } = checks['service:foo'];
  assert.deepEqual([Type, Status, Output, Name], ['ttl', 'critical', '', "Service 'foo' check"]);

  await agent.put('agent/service/maintenance/foo?enable=true&reason=repair');
  const maintenance = (await agent.get('agent/checks'))['_service_maintenance:foo'];
  assert.deepEqual([maintenance.Type, maintenance.Notes, maintenance.Status], ['maintenance', 'repair', 'critical']);
});

test('29: the agent’s health comes with its body and status; the worst instance wins; unknown is 404 with a body', async () => {
  await using agent = await startAskedAgent();
  for (const [ID, Status] of [
    ['web-1', 'passing'],
    ['web-2', 'warning'],
    ['web-3', 'critical'],
  ])
    await agent.put('agent/service/register', { ID, Name: 'web', Check: { TTL: '60s', Status } });
  for (const [path, status, state] of [
    ['id/web-1', 200, 'passing'],
    ['id/web-2', 429, 'warning'],
    ['id/web-3', 503, 'critical'],
  ] as const) {
    const { status: found, json } = await agent.ask('GET', `agent/health/service/${path}`);
    assert.deepEqual([found, json.AggregatedStatus, json.Service.Service], [status, state, 'web'], path);
  }
  const byName = await agent.ask('GET', 'agent/health/service/name/web');
  assert.deepEqual([byName.status, byName.json.length], [503, 3]);
  const noId = await agent.ask('GET', 'agent/health/service/id/nothing');
  assert.deepEqual([noId.status, noId.json.Service], [404, null]);
  const noName = await agent.ask('GET', 'agent/health/service/name/nothing');
  assert.deepEqual([noName.status, noName.json], [404, []]);
});

test('30: replace-existing-checks drops what is not in the new registration; without it checks stay', async () => {
  await using agent = await startAskedAgent();
  const ids = async () => Object.keys(await agent.get('agent/checks')).sort();
  await agent.put('agent/service/register', { Name: 'web', Check: { CheckID: 'old', TTL: '60s' } });
  assert.deepEqual(Object.keys(await agent.get('agent/services')), ['web']);
  const next = { Name: 'web', Check: { CheckID: 'new', TTL: '60s' } };
  await agent.put('agent/service/register', next);
  assert.deepEqual(await ids(), ['new', 'old']);
  await agent.put('agent/service/register?replace-existing-checks=true', next);
  assert.deepEqual(await ids(), ['new']);
});
