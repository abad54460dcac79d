/** The sidecar on a real agent in this process: configuration that changes, trouble that passes, registration. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import { startAgent } from '../agent/index.ts';
import { type ConsulClient, createClient } from '../api/index.ts';
import type { Cell } from '../base/index.ts';
import { findFreePorts, testRuntime } from '../testing/index.ts';
import { originFromFlags, startProxy } from './index.ts';

const runtime = testRuntime();

test('a change of the registration moves and closes listeners, and cuts no live connection', async () => {
  await using mesh = await startMesh();
  await using application = await startEcho();
  const [inbound = 0, first = 0, second = 0, third = 0] = await findFreePorts(4);
  const unusable = { ...upstream('db', third), Config: { connect_timeout_ms: 'soon' } };
  await mesh.registerSidecar('api', application.port, inbound);
  await mesh.registerSidecar('web', 1, undefined, [upstream('api', first), unusable]);
  await using api = await startProxy({ origin: originFromFlags({ sidecarFor: 'api' }), client: mesh.client }, runtime);
  await using web = await startProxy({ origin: originFromFlags({ sidecarFor: 'WEB' }), client: mesh.client }, runtime);
  await Promise.all([isTrue(api.ready), isTrue(web.ready)]);

  const { problems } = web.readiness();
  assert.match(problems[0]?.reason ?? '', /^Proxy\.Upstreams\[1\]\.Config\.connect_timeout_ms: expected a number/);
  const live = await reach(first);

  await mesh.registerSidecar('web', 1, undefined, [upstream('api', second)]);
  await web.addresses.until((now) => now.has(`api on 127.0.0.1:${second}`));
  await isTrue(web.ready);
  assert.deepEqual(web.readiness().problems, []);
  (await reach(second)).destroy();
  await assert.rejects(once(net.connect(first, '127.0.0.1'), 'connect'), { code: 'ECONNREFUSED' });
  live.write('still here');
  await once(live, 'data');
  assert.ok(web.summary.value?.some(({ value }) => value === `api => 127.0.0.1:${second}`));
  live.destroy();
});

test('a port in use is named and tried again, and the proxy is ready once it is free', async () => {
  await using mesh = await startMesh();
  const taken = await startEcho();
  const origin = originFromFlags({ service: 'web', upstreams: [`api:${taken.port}`] });
  await using web = await startProxy({ origin, client: mesh.client }, runtime);
  const listener = `api on 127.0.0.1:${taken.port}`;
  while (web.readiness().problems.length === 0) await new Promise(setImmediate);
  assert.match(web.readiness().problems[0]?.reason ?? '', /another program listens there/);
  assert.ok(web.readiness().missing.includes(`listener ${listener}`));
  await taken[Symbol.asyncDispose]();
  await isTrue(web.ready);
  assert.ok(web.addresses.value.has(listener));
});

test('a proxy that registers itself is in the catalog while it can serve, and out of it when it is closed', async () => {
  await using mesh = await startMesh();
  const [port = 0] = await findFreePorts(1);
  const flags = { service: 'db', listen: `127.0.0.1:${port}`, serviceAddr: '127.0.0.1:1', register: true };
  const proxy = await startProxy(
    { origin: originFromFlags({ ...flags, registerId: 'x' }), client: mesh.client },
    runtime,
  );
  while (!('db-proxy-x' in (await mesh.client.agentServices()))) await new Promise(setImmediate);
  assert.equal(proxy.ready.value, true);
  await proxy.close();
  assert.equal(await proxy.closed, undefined);
  assert.deepEqual(Object.keys(await mesh.client.agentServices()), []);
});

test('a sidecar that is not registered yet is waited for; of two, the proxy can not choose', async () => {
  await using mesh = await startMesh();
  const origin = originFromFlags({ sidecarFor: 'web' });
  await using early = await startProxy({ origin, client: mesh.client }, runtime);
  while (early.readiness().problems.length === 0) await new Promise(setImmediate);
  assert.match(early.readiness().problems[0]?.reason ?? '', /^No sidecar proxy registered for web/);
  await mesh.registerSidecar('web', 1, undefined, []);
  await isTrue(early.ready);

  await mesh.client.registerService({
    Kind: 'connect-proxy',
    Name: 'another',
    Port: 1,
    Proxy: { DestinationServiceName: 'web', DestinationServiceID: 'web' },
  });
  await using late = await startProxy({ origin, client: mesh.client }, runtime);
  const reason = await late.closed;
  assert.match(
    reason?.message ?? '',
    /^More than one sidecar proxy registered for web\..*: another, web-sidecar-proxy$/,
  );
});

interface Mesh extends AsyncDisposable {
  readonly client: ConsulClient;
  /** Without a port the agent gives it one. */
  registerSidecar(name: string, servicePort: number, port?: number, upstreams?: readonly object[]): Promise<void>;
}

async function startMesh(): Promise<Mesh> {
  const agent = await startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }] }, runtime);
  const client = createClient({ address: `127.0.0.1:${agent.address.port}`, runtime });
  return {
    client,
    registerSidecar: (name, servicePort, port, upstreams = []) =>
      client.registerService({
        Name: name,
        Port: servicePort,
        Connect: {
          SidecarService: {
            ...(port !== undefined && { Port: port }),
            Checks: [{ Name: 'alias', AliasService: name }],
            Proxy: { Upstreams: upstreams },
          },
        },
      }),
    [Symbol.asyncDispose]: async () => {
      await client.close({ signal: AbortSignal.abort() });
      await agent.close({ signal: AbortSignal.abort() });
    },
  };
}

function upstream(name: string, port: number): object {
  return { DestinationName: name, LocalBindPort: port };
}

async function isTrue(cell: Cell<boolean>): Promise<void> {
  await cell.until((value) => value);
}

interface Echo extends AsyncDisposable {
  readonly port: number;
}

async function startEcho(): Promise<Echo> {
  const server = net.createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as net.AddressInfo).port,
    [Symbol.asyncDispose]: async () => void server.close(),
  };
}

/** Through the mesh and back. Instances come a moment after the listener: until then a connection is reset. */
async function reach(port: number): Promise<net.Socket> {
  for (;;) {
    const socket = net.connect(port, '127.0.0.1');
    socket.write('hello');
    const answered = await once(socket, 'data').then(
      () => true,
      () => false,
    );
    if (answered) return socket.on('error', () => undefined);
  }
}
