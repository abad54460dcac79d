/** What clients expect of ACLs, the agent's own tokens, and of a service that is dialled. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { connect } from 'node:tls';
import { startService } from '../../connect/index.ts';
import { testRuntime } from '../../testing/index.ts';
import { startAskedAgent } from './asked-agent.ts';

const root = { 'X-Consul-Token': 'root' };
const withAcls = { acl: { enabled: true, tokens: { initialManagement: 'root' } } };

test('31: policies by name or ID become both, once each; create, read and self agree; the unknown is a 403', async () => {
  await using agent = await startAskedAgent(withAcls);
  const policy = (
    await agent.ask('PUT', 'acl/policy', { Name: 'p', Rules: 'node_prefix "" { policy = "read" }' }, root)
  ).json;
  const body = { Policies: [{ Name: 'p' }, { ID: policy.ID }] };
  const made = (await agent.ask('PUT', 'acl/token', body, root)).json;
  assert.deepEqual(made.Policies, [{ ID: policy.ID, Name: 'p' }]);
  assert.match(made.CreateTime, /\.\d{1,9}(Z|[+-]\d\d:\d\d)$/);
  const read = await agent.ask('GET', `acl/token/${made.AccessorID}`, undefined, root);
  const self = await agent.ask('GET', 'acl/token/self', undefined, { 'X-Consul-Token': made.SecretID });
  assert.deepEqual(read.json, made);
  assert.deepEqual(self.json, made);

  for (const path of ['acl/token/', 'acl/policy/']) {
    const { status, text } = await agent.ask('GET', `${path}11111111-2222-3333-4444-555555555555`, undefined, root);
    assert.deepEqual([status, text], [403, 'ACL not found'], path);
  }
  const management = await agent.ask('GET', 'acl/policy/00000000-0000-0000-0000-000000000001', undefined, root);
  assert.equal(management.json.Name, 'global-management');
  const list: { AccessorID: string }[] = (await agent.ask('GET', 'acl/tokens', undefined, root)).json;
  assert.equal(list.length, 3);
  assert.ok(list.some(({ AccessorID }) => AccessorID === '00000000-0000-0000-0000-000000000002'));
});

test('32: the agent’s tokens are set by their names of now and of before; another name is a 404', async () => {
  await using agent = await startAskedAgent(withAcls);
  const names = ['default', 'agent', 'agent_master', 'replication'];
  const former = ['acl_token', 'acl_agent_token', 'acl_agent_master_token', 'acl_replication_token'];
  for (const name of [...names, ...former])
    assert.equal((await agent.ask('PUT', `agent/token/${name}`, { Token: 'x' }, root)).status, 200, name);
  assert.equal((await agent.ask('PUT', 'agent/token/other', { Token: 'x' }, root)).status, 404);
});

for (const allowed of [true, false])
  test(`33: a dialler that offers h2 alone is ${allowed ? 'let in' : 'refused when it reads, after the handshake'}`, async () => {
    await using agent = await startAskedAgent({ defaultIntentionPolicy: allowed ? 'allow' : 'deny' });
    const address = `127.0.0.1:${agent.port}`;
    await using api = await startService({ name: 'api', agent: { address } }, testRuntime());
    const { port } = await api.serve((socket) => socket.end('welcome')).listen(0, '127.0.0.1');
    await agent.put('agent/service/register', {
      Name: 'api',
      Address: '127.0.0.1',
      Port: port,
      Connect: { Native: true },
    });
    const [entry] = await agent.get('health/connect/api?passing=1&stale=&connect=true');
    assert.equal(entry.Service.Connect.Native, true);

    const leaf = await agent.get('agent/connect/ca/leaf/web');
    const { Roots } = await agent.get('agent/connect/ca/roots');
    const socket = connect({
      port,
      host: '127.0.0.1',
      cert: leaf.CertPEM,
      key: leaf.PrivateKeyPEM,
      ca: Roots.map(({ RootCert }: { RootCert: string }) => RootCert),
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    });
    await once(socket, 'secureConnect');
    if (allowed) assert.equal(String((await once(socket, 'data'))[0]), 'welcome');
    else await assert.rejects(once(socket, 'data'), { code: 'ECONNRESET' });
    socket.destroy();
  });

test('33: a proxy is found by the service that it stands for', async () => {
  await using agent = await startAskedAgent();
  await agent.put('agent/service/register', {
    Kind: 'connect-proxy',
    Name: 'p',
    Port: 1,
    Proxy: { DestinationServiceName: 'api' },
  });
  const [entry] = await agent.get('health/connect/api?passing=1&stale=&connect=true');
  assert.equal(entry.Service.Proxy.DestinationServiceName, 'api');
});
