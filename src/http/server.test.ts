import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import http from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { InputError, noMetrics, type Runtime, silentLog, systemClock } from '../base/index.ts';
import type { ListenAddress } from './listen.ts';
import { HttpError, Json, type Route } from './route.ts';
import { type HttpServer, type HttpServerOptions, startHttpServer } from './server.ts';

const runtime: Runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: Math.random };

const routes: readonly Route[] = [
  { path: '/', isBare: true, methods: { GET: () => ({ status: 200, body: 'Consul Agent' }) } },
  { path: '/v1/leader', methods: { GET: () => ({ status: 200, body: new Json('127.0.0.1:8300') }) } },
  {
    path: '/v1/thing/',
    methods: {
      GET: ({ rest, query }) => ({ status: 200, body: new Json({ rest, query: [...query] }) }),
      PUT: ({ body }) => ({ status: 200, body: new Json(body.length) }),
    },
  },
  { path: '/v1/thing/special', methods: { PUT: () => ({ status: 200 }), POST: () => ({ status: 200 }) } },
  { path: '/v1/big', methods: { GET: () => ({ status: 200, body: new Json('x'.repeat(5_000)) }) } },
  {
    path: '/v1/fail',
    methods: {
      GET: () => {
        throw new HttpError(404, 'unknown service ID: nope');
      },
      PUT: () => {
        throw new InputError('Port', 'expected a port');
      },
      POST: () => {
        throw new Error('a secret detail');
      },
      DELETE: () => ({ status: 200, headers: { 'X-Bad': 'a\nb' } }),
    },
  },
  {
    path: '/v1/wait',
    methods: {
      GET: async ({ signal }) => {
        if (!signal.aborted) await once(signal, 'abort');
        return { status: 200, body: 'waited' };
      },
    },
  },
];

test('a route answers by its exact path, or by the longest prefix with what follows decoded', async () => {
  await using server = await start();
  assert.equal((await ask(server, 'GET', '/v1/leader')).body, '"127.0.0.1:8300"');
  assert.equal(
    (await ask(server, 'GET', '/v1/thing/a%2Fb%20c?x=1&x=2')).body,
    '{"rest":"a/b c","query":[["x","1"],["x","2"]]}',
  );
  assert.equal((await ask(server, 'GET', '/v1/thing/')).body, '{"rest":"","query":[]}');
  assert.equal((await ask(server, 'PUT', '/v1/thing/special')).status, 200);
  assert.equal((await ask(server, 'GET', `/v1/thing/${'x'.repeat(5_000)}`)).status, 200);
});

test('headers go out in canonical spelling, JSON without a charset, errors as plain text', async () => {
  await using server = await start({ commonHeaders: { 'X-Consul-Default-Acl-Policy': 'allow' } });
  const leader = await ask(server, 'GET', '/v1/leader');
  assert.deepEqual(leader.rawHeaders.slice(0, 8), [
    ...['X-Consul-Default-Acl-Policy', 'allow', 'Vary', 'Accept-Encoding'],
    ...['Content-Type', 'application/json', 'Content-Length', '16'],
  ]);
  const fail = await ask(server, 'GET', '/v1/fail');
  assert.deepEqual([fail.status, fail.body], [404, 'unknown service ID: nope']);
  assert.equal(fail.headers['content-type'], 'text/plain; charset=utf-8');
  const empty = await ask(server, 'PUT', '/v1/thing/special');
  assert.deepEqual([empty.headers['content-type'], empty.headers['content-length']], [undefined, '0']);
});

test('a wrong method is told which ones are right, HEAD included; OPTIONS asks for them', async () => {
  await using server = await start();
  const wrong = await ask(server, 'GET', '/v1/thing/special');
  assert.deepEqual(
    [wrong.status, wrong.headers.allow, wrong.body],
    [405, 'OPTIONS,PUT,POST', 'method GET not allowed'],
  );
  assert.equal((await ask(server, 'HEAD', '/v1/leader')).status, 405);
  assert.equal((await ask(server, 'PROPFIND', '/v1/leader')).body, 'method PROPFIND not allowed');
  const options = await ask(server, 'OPTIONS', '/v1/leader');
  assert.deepEqual(
    [options.status, options.headers.allow, options.headers.vary],
    [200, 'OPTIONS,GET', 'Accept-Encoding'],
  );
});

test('an unknown path, an unreadable one and an unreadable query are refused with nothing said', async () => {
  await using server = await start({ commonHeaders: { 'X-Common': 'x' } });
  const table: readonly (readonly [string, number])[] = [
    ['/v1/nope', 404],
    ['/v1/leader/', 404],
    ['/v1/thing/%zz', 400],
    ['/v1/thing/%00', 400],
    ['/v1/leader?x=%zz', 500],
    ['/v1/leader?a;b', 500],
  ];
  for (const [path, status] of table) {
    const answer = await ask(server, 'GET', path);
    assert.deepEqual([answer.status, answer.body], [status, ''], path);
    assert.deepEqual([answer.headers.vary, answer.headers['x-common']], [undefined, undefined], path);
  }
});

test('the index page stands alone', async () => {
  await using server = await start();
  const page = await ask(server, 'GET', '/');
  assert.deepEqual(
    [page.body, page.headers['content-type'], page.headers.vary],
    ['Consul Agent', 'text/plain; charset=utf-8', undefined],
  );
});

test('?pretty indents by four spaces and ends the line', async () => {
  await using server = await start();
  assert.equal((await ask(server, 'GET', '/v1/thing/a?pretty')).body.slice(0, 22), '{\n    "rest": "a",\n   ');
  assert.ok((await ask(server, 'GET', '/v1/thing/a?pretty=')).body.endsWith('}\n'));
});

test('every answer of a route is compressed when asked for, small ones and errors too', async () => {
  await using server = await start();
  for (const path of ['/v1/leader', '/v1/big', '/v1/fail']) {
    const plain = await ask(server, 'GET', path);
    const zipped = await ask(server, 'GET', path, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(gunzipSync(zipped.bytes).toString(), plain.body);
  }
  const refused = await ask(server, 'GET', '/v1/leader', { headers: { 'Accept-Encoding': 'gzip;q=0, deflate' } });
  assert.equal(refused.headers['content-encoding'], undefined);
});

test('only errors made for clients reach them', async () => {
  const logged: unknown[] = [];
  await using server = await start(
    {},
    { ...runtime, log: { ...silentLog, error: (message) => void logged.push(message) } },
  );
  assert.deepEqual(await statusAndBody(server, 'PUT', '/v1/fail'), [400, 'Port: expected a port']);
  assert.deepEqual(await statusAndBody(server, 'POST', '/v1/fail'), [500, 'internal error']);
  assert.deepEqual(await statusAndBody(server, 'DELETE', '/v1/fail'), [500, 'internal error']);
  assert.deepEqual(logged, ['request failed', 'request failed']);
});

test('a body of any type and name is taken, up to the limit', async () => {
  await using server = await start({ limits: { body: 100 } });
  for (const type of [undefined, 'application/json', 'nonsense', 'multipart/form-data']) {
    const headers = type === undefined ? {} : { 'Content-Type': type };
    assert.equal((await ask(server, 'PUT', '/v1/thing/x', { headers, body: 'x'.repeat(100) })).body, '100', type);
  }
  assert.equal((await ask(server, 'PUT', '/v1/thing/x', { body: 'x'.repeat(101) })).status, 413);
  assert.equal(
    (await ask(server, 'PUT', '/v1/thing/x', { headers: { 'Transfer-Encoding': 'chunked' }, body: 'x'.repeat(101) }))
      .status,
    413,
  );
});

test('headers that are too large are refused with 431, nonsense with 400', async () => {
  await using server = await start({ limits: { headers: 1_000 } });
  assert.match(
    await send(server, `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(2_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  );
  assert.match(await send(server, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 /);
});

test('on a loopback address only local names and the own origin may ask', async () => {
  await using server = await start({ allowedHosts: ['Agent.internal'] });
  const { port } = server.address as { port: number };
  const table: readonly (readonly [Record<string, string>, number])[] = [
    [{ Host: 'localhost' }, 200],
    [{ Host: `LOCALHOST.:${port}` }, 200],
    [{ Host: '192.0.2.7:80' }, 200],
    [{ Host: '[::1]:8500' }, 200],
    [{ Host: 'agent.internal:1' }, 200],
    [{ Host: 'evil.example' }, 403],
    [{ Host: 'localhost.evil.example' }, 403],
    [{ Host: '127.0.0.1.evil.example' }, 403],
    [{ Host: `127.0.0.1:${port}`, Origin: `http://127.0.0.1:${port}` }, 200],
    [{ Host: `127.0.0.1:${port}`, Origin: 'http://127.0.0.1:1' }, 403],
    [{ Host: `127.0.0.1:${port}`, Origin: `https://127.0.0.1:${port}` }, 403],
    [{ Host: `127.0.0.1:${port}`, Origin: 'null' }, 403],
    [{ Host: `127.0.0.1:${port}`, Origin: 'http://evil.example' }, 403],
  ];
  for (const [headers, status] of table) {
    const answer = await ask(server, 'GET', '/v1/leader', { headers });
    assert.equal(answer.status, status, JSON.stringify(headers));
    if (status === 403) assert.match(answer.body, /^(Host|Origin) ".*" is not /);
  }
});

test('a request whose client leaves is told so', async () => {
  const left = Promise.withResolvers<void>();
  const wait: Route = {
    path: '/wait',
    methods: {
      GET: async ({ signal }) => {
        await once(signal, 'abort');
        left.resolve();
        return { status: 200 };
      },
    },
  };
  await using server = await start({ routes: [wait] });
  const socket = connect((server.address as { port: number }).port, '127.0.0.1');
  socket.write('GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n', () => setImmediate(() => socket.destroy()));
  await left.promise;
});

test('closing answers blocked requests at once, then lets go of idle connections', async () => {
  const started = Promise.withResolvers<void>();
  const wait: Route = {
    path: '/wait',
    methods: {
      GET: async ({ signal }) => {
        started.resolve();
        await once(signal, 'abort');
        return { status: 200, body: 'waited' };
      },
    },
  };
  const server = await start({ routes: [...routes, wait] });
  const agent = new http.Agent({ keepAlive: true });
  await ask(server, 'GET', '/v1/leader', { agent });
  const waiting = ask(server, 'GET', '/wait');
  await started.promise;
  await server.close();
  const answer = await waiting;
  assert.deepEqual([answer.status, answer.body, answer.headers.connection], [200, 'waited', 'close']);
  await assert.rejects(ask(server, 'GET', '/v1/leader'), { code: 'ECONNREFUSED' });
  agent.destroy();
});

test('closing with its deadline over cuts a request that never ends', async () => {
  const started = Promise.withResolvers<void>();
  const never: Route = {
    path: '/never',
    methods: {
      GET: () => {
        started.resolve();
        return new Promise(() => undefined);
      },
    },
  };
  const server = await start({ routes: [never] });
  const asked = assert.rejects(ask(server, 'GET', '/never'), { code: 'ECONNRESET' });
  await started.promise;
  const first = server.close();
  await server.close({ signal: AbortSignal.abort() });
  await Promise.all([first, asked]);
});

test('a client with too many requests on one connection loses it', async () => {
  await using server = await start({ limits: { requestsPerConnection: 3 } });
  const request = 'GET /v1/wait HTTP/1.1\r\nHost: localhost\r\n\r\n';
  assert.equal(await send(server, request.repeat(4)), '');
});

test('a request that arrives too slowly is given up', async () => {
  await using server = await start({ limits: { receiveTime: 100 } });
  assert.match(await send(server, 'GET /v1/leader HTTP/1.1\r\nHost:'), /^HTTP\/1\.1 408 /);
});

test('a request that waits for its answer is not one that arrives slowly', async () => {
  await using server = await start({ limits: { receiveTime: 100 } });
  const waiting = ask(server, 'GET', '/v1/wait');
  await send(server, 'GET /v1/leader HTTP/1.1\r\nHost:'); // given up meanwhile
  await server.close();
  assert.equal((await waiting).body, 'waited');
});

test('a Unix socket is for its owner alone, and one left behind is replaced', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'http.sock');
  {
    await using server = await start({ listen: { path } });
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const answer = await ask(server, 'GET', '/v1/leader', { headers: { Host: path } });
    assert.equal(answer.status, 200);
    await assert.rejects(start({ listen: { path } }), /unix:.*in use/);
  }
  assert.equal(existsSync(path), false);
  spawnSync(process.execPath, [
    '-e',
    `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`,
    path,
  ]);
  assert.equal(existsSync(path), true);
  await using _ = await start({ listen: { path } });
});

test('an address in use is an error that names it and leaves nothing open', async () => {
  await using server = await start();
  const { port } = server.address as { port: number };
  await assert.rejects(
    start({ listen: { host: '127.0.0.1', port } }),
    new InputError(
      '',
      `can't listen on 127.0.0.1:${port}: the address is in use by another program; stop it or choose another port`,
    ),
  );
});

function start(options: Partial<HttpServerOptions> = {}, using: Runtime = runtime): Promise<HttpServer> {
  return startHttpServer({ routes, listen: { host: '127.0.0.1', port: 0 }, ...options }, using);
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly bytes: Buffer;
  readonly body: string;
}

async function ask(
  { address }: HttpServer,
  method: string,
  path: string,
  {
    headers = {},
    body = '',
    agent = false as http.Agent | false,
  }: { headers?: Record<string, string>; body?: string; agent?: http.Agent | false } = {},
): Promise<Answer> {
  const request = http.request({ ...to(address), method, path, headers, agent });
  request.end(body);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const { statusCode: status = 0, rawHeaders } = response;
  return { status, headers: response.headers, rawHeaders, bytes, body: bytes.toString() };
}

function to(address: ListenAddress): http.RequestOptions {
  return 'path' in address ? { socketPath: address.path } : address;
}

async function statusAndBody(server: HttpServer, method: string, path: string): Promise<[number, string]> {
  const { status, body } = await ask(server, method, path);
  return [status, body];
}

/** Everything that comes back for raw bytes, until the server closes the connection. */
async function send({ address }: HttpServer, bytes: string): Promise<string> {
  const socket = connect((address as { port: number }).port, '127.0.0.1');
  socket.on('error', () => undefined);
  socket.write(bytes);
  let answer = '';
  socket.on('data', (chunk) => {
    answer += String(chunk);
  });
  await once(socket, 'close');
  return answer;
}
