/** With ACLs, the token of a managed proxy has the rights of its service's own token, and speaks for no other service. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { type Agent, type AgentOptions, startAgent } from '../agent/index.ts';
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
  const declaration = {
    Name: 'api',
    Port: 9000,
    Connect: { Proxy: { Command: reporter(path) } },
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
  assert.equal(await status('PUT', '/agent/service/register', token, { Name: 'db', Port: 1 }), 403);
  assert.equal(await status('PUT', '/agent/reload', token), 403);
  for (const path of [
    '/agent/services',
    '/agent/service/api',
    '/agent/service/api-proxy',
    '/agent/self',
    '/agent/checks',
  ])
    assert.ok(!(await (await call('GET', path, management)).text()).includes(token), path);
  assert.equal(await status('POST', '/agent/connect/authorize', token, ask('api')), 200);
  assert.equal(await status('POST', '/agent/connect/authorize', token, ask('db')), 403);

  assert.equal(await status('PUT', '/agent/service/deregister/api', own), 200);
  const afterwards = await call('GET', '/agent/connect/ca/leaf/api', token);
  assert.deepEqual([afterwards.status, await afterwards.text()], [403, 'ACL not found']);
  assert.equal(await status('PUT', '/agent/service/register', own, declaration), 200);
  assert.equal(await status('GET', '/agent/connect/ca/leaf/api', token), 403);
});

test('without ACLs too, the token of a managed proxy gets no leaf of another service', async () => {
  await using agent = await startDev({ managedProxies: { allowApiRegistration: true, allowRoot: true } });
  const reported = createServer();
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-token-'));
  try {
    const path = join(folder, 'socket');
    await once(reported.listen(path), 'listening');
    const arrived = once(reported, 'connection') as Promise<[Socket]>;
    assert.equal((await agent.fetch('/v1/agent/service/register', registration(reporter(path)))).status, 200);
    const [socket] = await arrived;
    const headers = { 'X-Consul-Token': await text(socket) };
    const leafOf = async (name: string, init?: RequestInit): Promise<number> =>
      (await agent.fetch(`/v1/agent/connect/ca/leaf/${name}`, init)).status;
    assert.deepEqual(
      [await leafOf('api', { headers }), await leafOf('db', { headers }), await leafOf('db')],
      [200, 403, 200],
    );
  } finally {
    reported.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('no program is run for who may not: not by default, not for a page in a browser, not by way of sidecar or catalog', async () => {
  const command = ['/bin/sh', '-c', 'exit'];
  const proxiesOf = async (agent: Agent): Promise<string> => (await agent.fetch('/v1/agent/services')).text();

  await using byDefault = await startDev({});
  assert.equal((await byDefault.fetch('/v1/agent/service/register', registration(command))).status, 200);
  assert.doesNotMatch(await proxiesOf(byDefault), /api-proxy/);

  await using refusing = await startDev({ managedProxies: { allowApiRegistration: false } });
  assert.equal((await refusing.fetch('/v1/agent/service/register', registration(command))).status, 500);
  assert.equal(await proxiesOf(refusing), '{}');

  await using allowing = await startDev({ managedProxies: { allowApiRegistration: true } });
  const block = { Command: command };
  const inSidecar = { Name: 'api', Port: 1, Connect: { SidecarService: { Connect: { Proxy: block } } } };
  const answer = await allowing.fetch('/v1/agent/service/register', put(inSidecar));
  assert.match(await answer.text(), /A SidecarService cannot have a managed proxy/);
  const Service = { Service: 'api', Port: 1, Connect: { Proxy: block } };
  await allowing.fetch('/v1/catalog/register', put({ Node: allowing.nodeName, Address: '127.0.0.1', Service }));
  assert.equal(await proxiesOf(allowing), '{}');

  const url = `http://127.0.0.1:${allowing.address.port}/v1/agent/service/register`;
  const headers = { Origin: 'http://evil.example' };
  assert.equal((await fetch(url, { ...registration(command), headers })).status, 403);
  assert.equal(await proxiesOf(allowing), '{}');
});

test('the ID of a managed proxy is nobody else’s: whichever of the two services comes second is refused by name', async () => {
  await using agent = await startDev({ managedProxies: { allowApiRegistration: true, ports: { min: 0, max: 0 } } });
  const block = { Command: ['/bin/true'], Config: { bind_port: 9001 } };
  const web = put({ Name: 'web', Port: 9000, Connect: { Proxy: block } });
  const other = put({ Name: 'billing', ID: 'web-proxy', Port: 9002 });
  const register = async (body: ReturnType<typeof put>): Promise<string> => {
    const answer = await agent.fetch('/v1/agent/service/register', body);
    return `${answer.status} ${await answer.text()}`;
  };
  assert.equal(await register(other), '200 ');
  assert.match(await register(web), /^400 .*Service ID "web-proxy" .*managed proxy of service "web".* "billing"/);
  const kept = await (await agent.fetch('/v1/agent/services')).json();
  assert.deepEqual(Object.keys(kept as object), ['web-proxy']);

  assert.equal((await agent.fetch('/v1/agent/service/deregister/web-proxy', { method: 'PUT' })).status, 200);
  assert.equal(await register(web), '200 ');
  assert.match(await register(other), /^400 .*Service ID "web-proxy" is that of the managed proxy of service "web"/);
  assert.equal(await register(web), '200 ');
});

test('the check of a proxy that is not run as root says so, to all and at once', {
  skip: process.geteuid?.() !== 0,
}, async () => {
  await using agent = await startDev({ managedProxies: { allowApiRegistration: true } });
  assert.equal((await agent.fetch('/v1/agent/service/register', registration(['/bin/true']))).status, 200);
  const reason = /connect\.proxy\.allow_managed_root/;
  for (let index = '0', text = ''; !reason.test(text); ) {
    const answer = await agent.fetch(`/v1/health/checks/api-proxy?index=${index}`);
    index = answer.headers.get('X-Consul-Index') ?? '';
    text = await answer.text();
  }
  assert.match(await (await agent.fetch('/v1/agent/checks')).text(), reason);
});

function startDev(options: AgentOptions): Promise<Agent> {
  return startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }], ...options }, testRuntime());
}

function put(body: object): { readonly method: 'PUT'; readonly body: string } {
  return { method: 'PUT', body: JSON.stringify(body) };
}

/** Of `api`, with a managed proxy. */
function registration(command: readonly string[]): ReturnType<typeof put> {
  return put({ Name: 'api', Port: 9000, Connect: { Proxy: { Command: command } } });
}

/** A program that tells its token at a socket. */
function reporter(path: string): string[] {
  const program = `require('net').connect(process.argv[1]).end(process.env.CONSUL_PROXY_TOKEN)`;
  return [process.execPath, '-e', program, path];
}
