/** What clients expect of the JSON that they send and get. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAskedAgent } from './asked-agent.ts';

test('11: every field of a newer client is accepted, also empty ones; what none knows is refused by name', async () => {
  await using agent = await startAskedAgent();
  const full = {
    Kind: '',
    ID: '',
    Name: 'web',
    Tags: null,
    Port: 0,
    SocketPath: '',
    Address: '',
    TaggedAddresses: null,
    EnableTagOverride: false,
    Meta: null,
    Weights: null,
    Check: null,
    Checks: [{ TTL: '5s', Interval: '', ExposedPort: 0, H2PING: '', OutputMaxSize: 0 }],
    Proxy: null,
    Connect: null,
    Namespace: '',
    Partition: '',
    Locality: null,
  };
  await agent.put('agent/service/register', full);
  await agent.put('catalog/register', {
    Node: 'other',
    Address: '192.0.2.1',
    Check: {
      CheckID: 'c',
      Name: 'c',
      Definition: { HTTP: '', Interval: '0s', IntervalDuration: '0s', Timeout: '0s' },
      CreateIndex: 0,
    },
  });
  const intention = {
    SourceName: 'a',
    DestinationName: 'b',
    Action: 'allow',
    Permissions: null,
    Hash: null,
    CreateIndex: 0,
  };
  await agent.ask('POST', 'connect/intentions', intention).then(({ status }) => assert.equal(status, 200));
  for (const [path, body] of [
    ['agent/service/register', { Name: 'web', Colour: 'red' }],
    ['catalog/register', { Node: 'x', Address: '192.0.2.1', Colour: 'red' }],
  ] as const) {
    const { status, text } = await agent.ask('PUT', path, body);
    assert.equal(status, 400);
    assert.match(text, /Colour/);
  }
});

test('12: a plain service is shown with empty meta, weights of 1 and its datacenter, and without what it has not', async () => {
  await using agent = await startAskedAgent();
  await agent.put('agent/service/register', { Name: 'web' });
  const { web } = await agent.get('agent/services');
  assert.deepEqual([web.Meta, web.Weights, web.Datacenter], [{}, { Passing: 1, Warning: 1 }, 'dc1']);
  for (const key of ['Proxy', 'Connect', 'TaggedAddresses', 'CreateIndex', 'ModifyIndex'])
    assert.ok(!(key in web), key);

  for (const [address, tagged] of [
    ['127.0.0.2', ['lan_ipv4', 'wan_ipv4']],
    ['fd00::2', ['lan_ipv6', 'wan_ipv6']],
    ['web.example', undefined],
  ] as const) {
    await agent.put('agent/service/register', { Name: 'web', Port: 80, Address: address });
    const { web } = await agent.get('agent/services');
    assert.deepEqual(web.TaggedAddresses && Object.keys(web.TaggedAddresses).sort(), tagged, address);
  }
});

test('13: at the agent an upstream is of a service where nothing is said; through the catalog a proxy comes back as sent', async () => {
  await using agent = await startAskedAgent();
  const upstream = { DestinationName: 'db', LocalBindPort: 9191 };
  await agent.put('agent/service/register', {
    Name: 'web',
    Port: 80,
    Connect: { SidecarService: { Proxy: { Upstreams: [upstream] } } },
  });
  const sidecar = (await agent.get('agent/services'))['web-sidecar-proxy'];
  assert.equal(sidecar.Proxy.Upstreams[0].DestinationType, 'service');

  const proxy = {
    DestinationServiceName: 'web',
    Mode: 'transparent',
    TransparentProxy: { OutboundListenerPort: 15_001 },
    Config: { limit: 1.5 },
  };
  const Service = { Kind: 'connect-proxy', ID: 'p', Service: 'p', Port: 1 };
  await agent.put('catalog/register', { Node: 'other', Address: '192.0.2.1', Service: { ...Service, Proxy: proxy } });
  const [shown] = await agent.get('catalog/service/p');
  assert.deepEqual(shown.ServiceProxy, { ...proxy, MeshGateway: {}, Expose: {} });
  await agent.put('catalog/register', {
    Node: 'other',
    Address: '192.0.2.1',
    Service: { ...Service, Proxy: { DestinationServiceName: 'web' } },
  });
  assert.ok(!('Config' in (await agent.get('catalog/service/p'))[0].ServiceProxy));
});

test('14: durations are Go’s text or nanoseconds, and integers stay exact', async () => {
  await using agent = await startAskedAgent();
  for (const Interval of ['90s', 90_000_000_000])
    await agent.put('agent/check/register', { ID: 'c', Name: 'c', TCP: '127.0.0.1:1', Interval });
  const large = '9007199254740993'; // 2^53 + 1
  for (const LeafCertTTL of ['72h', '259200000000000']) {
    const quoted = LeafCertTTL.endsWith('h') ? JSON.stringify(LeafCertTTL) : LeafCertTTL;
    const body = `{"Provider":"consul","Config":{"LeafCertTTL":${quoted},"RotationPeriod":${large}}}`;
    await agent.put('connect/ca/configuration', body);
    const { text } = await agent.ask('GET', 'connect/ca/configuration');
    assert.ok(text.includes(`"LeafCertTTL":${quoted}`), text);
    assert.ok(text.includes(`"RotationPeriod":${large}`), text);
  }
});

test('15: a config entry is stored and returned without defaults; what was not sent stays absent', async () => {
  await using agent = await startAskedAgent();
  await agent.put('config', { Kind: 'service-intentions', Name: 'db', Sources: [{ Name: 'web', Action: 'allow' }] });
  const { CreateIndex, ModifyIndex, ...entry } = await agent.get('config/service-intentions/db');
  assert.ok(CreateIndex > 0 && ModifyIndex >= CreateIndex);
  assert.deepEqual(entry, {
    Kind: 'service-intentions',
    Name: 'db',
    Sources: [{ Name: 'web', Action: 'allow', Precedence: 9, Type: 'consul' }],
  });
});

test('16: the kind of a config entry is `Kind` or `kind`', async () => {
  await using agent = await startAskedAgent();
  await agent.put('config', { kind: 'service-intentions', name: 'db', sources: [{ name: 'web', action: 'deny' }] });
  assert.equal((await agent.get('config/service-intentions/db')).Sources[0].Action, 'deny');
});

test('17: cas=0 on an entry that is there is `false`, deleting what is missing `{}`, getting it a 404', async () => {
  await using agent = await startAskedAgent();
  const entry = { Kind: 'service-intentions', Name: 'db', Sources: [{ Name: 'web', Action: 'allow' }] };
  assert.equal((await agent.put('config?cas=0', entry)).json, true);
  assert.equal((await agent.put('config?cas=0', entry)).json, false);
  const gone = await agent.ask('DELETE', 'config/service-intentions/nothing');
  assert.deepEqual([gone.status, gone.json], [200, {}]);
  assert.equal((await agent.ask('GET', 'config/service-intentions/nothing')).status, 404);
});

test('19: an intention shows only what it has, keeps ID and creation over a change, and is refused in known words', async () => {
  await using agent = await startAskedAgent();
  const { ID } = (
    await agent.ask('POST', 'connect/intentions', { SourceName: 'web', DestinationName: 'db', Action: 'allow' })
  ).json;
  const made = await agent.get(`connect/intentions/${ID}`);
  for (const key of ['Meta', 'Description', 'Permissions']) assert.ok(!(key in made), key);
  assert.equal(made.Precedence, 9);

  await agent.put(`connect/intentions/${ID}`, { SourceName: '*', DestinationName: 'db', Action: 'deny' });
  const changed = await agent.get(`connect/intentions/${ID}`);
  assert.deepEqual([changed.SourceName, changed.Action, changed.Precedence], ['*', 'deny', 8]);
  assert.deepEqual([changed.ID, changed.CreateIndex], [ID, made.CreateIndex]);

  const bad = await agent.ask('GET', 'connect/intentions/nothing');
  assert.equal(bad.status, 400);
  assert.match(bad.text, /UUID/);
  assert.equal((await agent.ask('GET', 'connect/intentions/11111111-2222-3333-4444-555555555555')).status, 404);
});
