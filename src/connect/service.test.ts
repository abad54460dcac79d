import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { afterEach, test } from 'node:test';
import { Agent, fetch } from 'undici';
import { InputError } from '../base/index.ts';
import { testRuntime } from '../testing/index.ts';
import {
  type CallerSocket,
  ConnectError,
  development,
  type Service,
  type ServiceOptions,
  startService,
} from './index.ts';

afterEach(() => development.reset());

test('a caller is handed over with its identity, and the dialled socket knows the far end', async () => {
  await using mesh = await startMesh();
  const callers: string[] = [];
  await echo(mesh.api, (socket) => callers.push(socket.caller.spiffeId));
  const socket = await mesh.web.dial('api');
  socket.end('hello');
  assert.equal(await textOf(socket), 'hello');
  assert.deepEqual(callers, [mesh.web.spiffeId]);
  assert.equal(socket.peer.spiffeId, mesh.api.spiffeId);
});

test('a denied caller reaches no handler and is told that it was refused', async () => {
  await using mesh = await startMesh();
  await echo(mesh.api, () => assert.fail('the handler must not run'));
  development.deny('web', 'api');
  const socket = await mesh.web.dial('api');
  const [error] = await once(socket, 'error');
  assert.ok(error instanceof ConnectError);
  assert.equal(error.code, 'REFUSED_BY_PEER');
  assert.match(error.message, /^api \(development\/api at 127\.0\.0\.1:\d+\)/);
});

test('a deny cuts exactly the live callers that it forbids, with DENIED on our side', async () => {
  await using mesh = await startMesh();
  await using batch = await startService({ name: 'batch', development: true }, testRuntime());
  const cut = Promise.withResolvers<unknown>();
  await echo(mesh.api, (socket) => socket.caller.service === 'web' && socket.on('error', cut.resolve));
  const [live, other] = [await mesh.web.dial('api'), await batch.dial('api')];
  for (const socket of [live, other]) {
    socket.write('x');
    await once(socket, 'data');
  }
  const reset = once(live, 'error');
  development.deny('web', 'api');
  const error = await cut.promise;
  assert.ok(error instanceof ConnectError && error.code === 'DENIED', String(error));
  assert.equal((await reset)[0].code, 'ECONNRESET');
  other.end('y');
  assert.equal(await textOf(other), 'y');
});

test('HTTP: fetch, http and https of Node, and a server for any framework', async () => {
  await using mesh = await startMesh();
  await hello(mesh.api);
  const dispatcher = new Agent({ connect: mesh.web.connect });
  const response = await fetch('https://api.service.consul/v1/items', { dispatcher });
  assert.equal(await response.text(), 'hello web');
  await dispatcher.close();
  for (const [client, url] of [
    [http, 'http://api.service.consul/'],
    [https, 'https://api.service.consul:8443/'],
  ] as const) {
    const request = client.get(url, { agent: mesh.web.httpAgent });
    const [answer] = await once(request, 'response');
    assert.equal(await textOf(answer), 'hello web');
  }
});

test('an idle connection that the server closes is not used for the next request', async () => {
  await using mesh = await startMesh();
  const server = await hello(mesh.api);
  const dispatcher = new Agent({ connect: mesh.web.connect });
  for (let round = 0; round < 3; round += 1) {
    const request = http.get('http://api.service.consul/', { agent: mesh.web.httpAgent });
    const [[socket], [answer]] = await Promise.all([once(request, 'socket'), once(request, 'response')]);
    assert.equal(await textOf(answer), 'hello web');
    assert.equal(await (await fetch('http://api.service.consul/', { dispatcher })).text(), 'hello web');
    const closed = Promise.all([once(socket, 'close'), once(dispatcher, 'disconnect')]);
    server.closeIdleConnections();
    await closed;
  }
  await dispatcher.close();
});

test('HTTP/2 over a socket that is dialled late', async () => {
  await using mesh = await startMesh();
  const h2 = http2.createServer((request, response) => response.end(`h2 ${request.url}`));
  const server = mesh.api.serve((socket) => h2.emit('connection', socket), { alpn: ['h2'] });
  await server.listen(0, '127.0.0.1');
  const session = http2.connect('https://api.service.consul', {
    createConnection: () => mesh.web.dialNow('api', { alpn: ['h2'] }),
  });
  assert.equal(await textOf(session.request({ ':path': '/items' }).setEncoding('utf8')), 'h2 /items');
  session.close();
  await once(session, 'close');
});

test('what is no host of the mesh is refused, never looked up elsewhere', async () => {
  await using mesh = await startMesh();
  const dispatcher = new Agent({ connect: mesh.web.connect });
  const failure = await fetch('https://example.com/', { dispatcher }).catch((error) => error);
  assert.ok(failure.cause instanceof InputError, String(failure.cause));
  await dispatcher.close();
  const [error] = await once(http.get('http://localhost/', { agent: mesh.web.httpAgent }), 'error');
  assert.ok(error instanceof InputError);
});

test('no connection, request or upgrade event comes before the caller is allowed', async () => {
  await using mesh = await startMesh();
  const server = await hello(mesh.api);
  const events: string[] = [];
  for (const event of ['connection', 'request', 'upgrade']) server.on(event, () => events.push(event));
  const stranger = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  stranger.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await once(stranger, 'error');
  development.deny('*', 'api');
  const [refusal] = await once(http.get('http://api.service.consul/', { agent: mesh.web.httpAgent }), 'error');
  assert.equal(refusal.code, 'REFUSED_BY_PEER');
  assert.deepEqual(events, []);
});

test('a local port carries whole answers to clients that half-close', async () => {
  await using mesh = await startMesh();
  await echo(mesh.api);
  const listener = await mesh.web.listen('api', { port: 0 });
  const client = net.connect({ port: listener.address.port, host: '127.0.0.1', allowHalfOpen: true });
  const sent = Buffer.alloc(4 * 1024 * 1024, 'fairlead');
  client.end(sent);
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk);
  assert.ok(Buffer.concat(chunks).equals(sent));
});

test('a local port resets its client when the far end refuses', async () => {
  await using mesh = await startMesh();
  await echo(mesh.api);
  development.deny('web', 'api');
  const { address } = await mesh.web.listen('api', { port: 0 });
  const client = net.connect(address.port, '127.0.0.1');
  const [error] = await once(client, 'error');
  assert.equal(error.code, 'ECONNRESET');
});

test('a dial fails with a code that says what to do', async () => {
  await using mesh = await startMesh();
  const { port } = await echo(mesh.api);
  const address = `127.0.0.1:${port}`;
  const spiffeId = mesh.web.spiffeId ?? '';
  await assert.rejects(mesh.web.dial('nobody'), codeIs('NO_INSTANCE'));
  await assert.rejects(mesh.web.dial({ address, spiffeId }), codeIs('IDENTITY_MISMATCH'));
  const aborted = AbortSignal.abort(new Error('changed my mind'));
  await assert.rejects(mesh.web.dial('api', { signal: aborted }), /changed my mind/);
  const mute = net.createServer();
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const silent = { address: `127.0.0.1:${(mute.address() as AddressInfo).port}`, spiffeId };
  await assert.rejects(mesh.web.dial(silent, { timeout: 50 }), (error: ConnectError) =>
    ['TIMEOUT', 'NO_INSTANCE', 'REFUSED_BY_PEER'].includes(error.code),
  );
  mute.close();
  const late = mesh.web.dialNow('nobody');
  assert.ok(codeIs('NO_INSTANCE')((await once(late, 'error'))[0]));
});

test('close drains, then cuts; what is asked of a closed service fails with CLOSED', async () => {
  const mesh = await startMesh();
  await echo(mesh.api);
  const socket = await mesh.web.dial('api');
  socket.write('x');
  await once(socket, 'data');
  const drain = new AbortController();
  const closing = mesh.api.close({ signal: drain.signal });
  socket.write('still served');
  await once(socket, 'data');
  const cut = once(socket, 'error');
  drain.abort();
  assert.equal((await cut)[0].code, 'ECONNRESET');
  await closing;
  assert.equal(await mesh.api.closed, undefined);
  await assert.rejects(mesh.api.dial('web'), codeIs('CLOSED'));
  assert.throws(() => mesh.api.serve(() => undefined), codeIs('CLOSED'));
  await mesh.web.close();
});

test('a close without a drain cuts a peer in the middle of its handshake too', async () => {
  await using mesh = await startMesh();
  const server = mesh.api.serve(() => undefined);
  const { port } = await server.listen(0, '127.0.0.1');
  const silent = net.connect({ port, host: '127.0.0.1' });
  silent.write(Buffer.from([0x16]));
  const cut = once(silent, 'error');
  await once(silent, 'connect');
  (await mesh.web.dial('api')).destroy(); // what came before it was accepted before it
  await server.close({ signal: AbortSignal.abort() });
  assert.equal((await cut)[0].code, 'ECONNRESET');
});

test('an agent that is not there: wait rejects with what is missing, without wait the service is there and not ready', async () => {
  const closed = net.createServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const address = `127.0.0.1:${(closed.address() as AddressInfo).port}`;
  closed.close();
  await once(closed, 'close');
  const options: ServiceOptions = { name: 'web', agent: { address } };
  await assert.rejects(startService({ ...options, waitTimeout: 200 }, testRuntime()), (error: ConnectError) => {
    assert.equal(error.code, 'AGENT_UNREACHABLE');
    assert.match(error.message, new RegExp(address));
    return true;
  });
  const giveUp = AbortSignal.abort(new Error('no time'));
  await assert.rejects(startService({ ...options, signal: giveUp }, testRuntime()), /no time/);

  const web = await startService({ ...options, wait: false }, testRuntime());
  assert.equal(web.isReady, false);
  await assert.rejects(
    web.dial({ address, spiffeId: 'spiffe://t.consul/ns/default/dc/dc1/svc/api' }, { timeout: 100 }),
    codeIs('AGENT_UNREACHABLE'),
  );
  await web.close();
  await assert.rejects(web.ready, codeIs('CLOSED'));
});

test('a name that no certificate can carry is refused', async () => {
  await assert.rejects(startService({ name: 'a/b', development: true }, testRuntime()), InputError);
  await assert.rejects(startService({ name: '', development: true }, testRuntime()), InputError);
});

async function startMesh() {
  const web = await startService({ name: 'web', development: true }, testRuntime());
  const api = await startService({ name: 'api', development: true }, testRuntime());
  return {
    web,
    api,
    async [Symbol.asyncDispose]() {
      for (const service of [web, api]) await service.close({ signal: AbortSignal.abort() });
    },
  };
}

async function echo(service: Service, onCaller: (socket: CallerSocket) => unknown = () => undefined) {
  const server = service.serve((socket) => {
    onCaller(socket);
    socket.pipe(socket);
  });
  return server.listen(0, '127.0.0.1');
}

async function hello(service: Service) {
  const server = service.createServer((request, response) => response.end(`hello ${request.socket.caller.service}`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return server;
}

function codeIs(code: ConnectError['code']) {
  return (error: unknown) => {
    assert.ok(error instanceof ConnectError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  };
}

async function textOf(stream: AsyncIterable<unknown>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}
