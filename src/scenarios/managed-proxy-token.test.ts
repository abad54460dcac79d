/** With ACLs, the token of a managed proxy has the rights of its service's own token, and speaks for no other service. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { startAgent } from '../agent/index.ts';
import { testRuntime } from '../testing/index.ts';

const management = '11111111-2222-3333-4444-555555555555';

test('the token of a managed proxy gets leaf and decision for its own service alone, and nothing once the proxy has gone', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-token-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  await using agent = await startAgent(
    {
      dev: true,
      http: [{ host: '127.0.0.1', port: 0 }],
      acl: { enabled: true, defaultPolicy: 'deny', tokens: { initialManagement: management } },
      managedProxies: { allowApiRegistration: true, allowRoot: true },
    },
    testRuntime(),
  );
  const call = async (method: string, path: string, token: string, body?: object): Promise<Response> =>
    fetch(`http://127.0.0.1:${agent.address.port}/v1${path}`, {
      method,
      headers: { 'X-Consul-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    });
  const status = async (...request: Parameters<typeof call>): Promise<number> => {
    const answer = await call(...request);
    await answer.body?.cancel();
    return answer.status;
  };

  const Rules = 'service "api" { policy = "write" } service "api-proxy" { policy = "write" }';
  assert.equal(await status('PUT', '/acl/policy', management, { Name: 'api', Rules }), 200);
  const made = await call('PUT', '/acl/token', management, { Policies: [{ Name: 'api' }] });
  const { SecretID: own } = (await made.json()) as { SecretID: string };

  const path = join(folder, 'socket');
  const server = createServer();
  await once(server.listen(path), 'listening');
  const arrived = once(server, 'connection') as Promise<[Socket]>;
  const program = `require('net').connect(process.argv[1]).end(process.env.CONSUL_PROXY_TOKEN)`;
  const declaration = {
    Name: 'api',
    Port: 9000,
    Connect: { Proxy: { Command: [process.execPath, '-e', program, path] } },
  };
  assert.equal(await status('PUT', '/agent/service/register', own, declaration), 200);
  const [socket] = await arrived;
  server.close();
  const token = await text(socket);

  const uri = 'spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web';
  const ask = (Target: string): object => ({ Target, ClientCertURI: uri });
  assert.equal(await status('GET', '/agent/connect/proxy/api-proxy', token), 200);
  assert.equal(await status('GET', '/agent/connect/proxy/api-proxy', ''), 403);
  assert.equal(await status('GET', '/agent/service/api-proxy', token), 200);
  assert.equal(await status('GET', '/agent/connect/ca/leaf/api', token), 200);
  assert.equal(await status('GET', '/agent/connect/ca/leaf/db', token), 403);
  assert.equal(await status('POST', '/agent/connect/authorize', token, ask('api')), 200);
  assert.equal(await status('POST', '/agent/connect/authorize', token, ask('db')), 403);

  assert.equal(await status('PUT', '/agent/service/deregister/api', own), 200);
  const afterwards = await call('GET', '/agent/connect/ca/leaf/api', token);
  assert.deepEqual([afterwards.status, await afterwards.text()], [403, 'ACL not found']);
});
