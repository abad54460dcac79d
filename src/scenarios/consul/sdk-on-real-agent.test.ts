/** The SDK on the real Consul with ACLs: each service has a token for itself only. */

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { test } from 'node:test';
import { createClient } from '../../api/index.ts';
import { Secret } from '../../base/index.ts';
import { type ConnectError, startService } from '../../connect/index.ts';
import { startRealConsul, testRuntime } from '../../testing/index.ts';

test('native services talk by their intentions, a deny cuts the live connection, a wrong token says what to do', async () => {
  const masterToken = randomUUID();
  const runtime = testRuntime();
  await using consul = await startRealConsul({ acl: { masterToken } });
  const { address } = consul;
  const discovery = 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }';
  await using client = createClient({ address, token: () => new Secret(masterToken), runtime });
  const tokenFor = async (service: string, more = ''): Promise<string> => {
    const rules = `service "${service}" { policy = "write" } ${more}`;
    await client.call('PUT', '/v1/acl/policy', { body: { Name: service, Rules: rules } });
    const made = await client.call('PUT', '/v1/acl/token', { body: { Policies: [{ Name: service }] } });
    return (made.json() as { SecretID: string }).SecretID;
  };
  const intend = async (action: string, source: string) => {
    const { code, stderr } = await consul.cli(['intention', 'create', `-${action}`, '-replace', source, 'api']);
    assert.equal(code, 0, stderr);
  };
  await intend('allow', 'web');

  await using api = await startService({ name: 'api', agent: { address, token: await tokenFor('api') } }, runtime);
  const { port } = await api.serve((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await client.registerService({ Name: 'api', Address: '127.0.0.1', Port: port, Connect: { Native: true } });
  await using web = await startService(
    { name: 'web', agent: { address, token: await tokenFor('web', discovery) } },
    runtime,
  );

  const live = await web.dial('api');
  live.write('hello');
  await once(live, 'data');
  await intend('deny', 'batch');
  live.write('a deny for somebody else means nothing to us');
  await once(live, 'data');
  const cut = once(live, 'error');
  await intend('deny', 'web');
  assert.equal((await cut)[0].code, 'ECONNRESET');
  const [error] = await once(await web.dial('api'), 'error');
  assert.equal(error.code, 'REFUSED_BY_PEER');

  const wrong = startService({ name: 'api', agent: { address, token: randomUUID() } }, runtime);
  await assert.rejects(wrong, (refusal: ConnectError) => {
    assert.equal(refusal.code, 'TOKEN_REFUSED');
    assert.match(refusal.message, /api is not ready: .*token/);
    return true;
  });
});
