import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer as createTcpServer, type Server } from 'node:net';
import { test } from 'node:test';
import { createThrowawayCa } from '../../issuing/index.ts';
import type { CheckDefinition } from '../state/tables.ts';
import { probeHttp } from './http.ts';
import type { ProbeResult } from './probe.ts';
import { probeTcp, splitHostPort } from './tcp.ts';
import { probeUdp } from './udp.ts';

const never = new AbortController().signal;

const answers: readonly (readonly [code: number, status: string])[] = [
  [200, 'passing'],
  [204, 'passing'],
  [299, 'passing'],
  [300, 'critical'],
  [404, 'critical'],
  [429, 'warning'],
  [500, 'critical'],
];
test('the code of an HTTP answer is the status', async () => {
  await using target = await serve((request, response) => {
    response.writeHead(Number(request.url?.slice(1))).end('body');
  });
  for (const [code, status] of answers) {
    const result = await probeHttp({ type: 'http', http: `${target.url}/${code}` }, never);
    assert.equal(result.status, status, String(code));
  }
  const { output } = await probeHttp({ type: 'http', http: `${target.url}/200` }, never);
  assert.equal(output, `HTTP GET ${target.url}/200: 200 OK Output: body`);
});

test('method, headers and body are the check’s', async () => {
  await using target = await serve((request, response) => {
    const { method, headers } = request;
    request.on('data', (body) => response.end(`${method} ${headers.host} ${headers['x-a']} ${body}`));
  });
  const definition = {
    type: 'http',
    http: target.url,
    method: 'PUT',
    header: { Host: ['web.test'], 'X-A': ['1', '2'] },
    body: 'hello',
  } as const;
  assert.match((await probeHttp(definition, never)).output, /PUT web\.test 1, 2 hello$/);
});

test('redirects are followed, unless the check says not to', async () => {
  await using target = await serve((request, response) => {
    if (request.url === '/there') response.end('arrived');
    else response.writeHead(302, { Location: request.url === '/' ? '/there' : '/circle' }).end();
  });
  assert.match((await probeHttp({ type: 'http', http: `${target.url}/` }, never)).output, /arrived$/);
  const strict = await probeHttp({ type: 'http', http: `${target.url}/`, disableRedirects: true }, never);
  assert.equal(strict.status, 'critical');
  assert.match(
    (await probeHttp({ type: 'http', http: `${target.url}/circle` }, never)).output,
    /stopped after 10 redirects/,
  );
});

test('of a large body the beginning is kept, and an endless one is left', async () => {
  await using target = await serve((request, response) => {
    if (request.url === '/large') return void response.end('x'.repeat(5000));
    const more = (): void => {
      while (response.write('x'.repeat(16_384)));
      response.once('drain', more);
    };
    more();
  });
  const large = await probeHttp({ type: 'http', http: `${target.url}/large` }, never);
  assert.match(large.output, /x{4096} \.\.\. \(captured 4096 of 5000 bytes\)$/);
  const endless = await probeHttp({ type: 'http', http: `${target.url}/endless` }, never);
  assert.equal(endless.status, 'passing');
  assert.match(endless.output, /captured 4096 of \d+ bytes/);
});

test('a target that is not there is critical, in the words of Go', async () => {
  assert.deepEqual(await probeHttp({ type: 'http', http: 'http://127.0.0.1:1/health' }, never), {
    status: 'critical',
    output: 'Get "http://127.0.0.1:1/health": dial tcp 127.0.0.1:1: connect: connection refused',
  });
  const byName = await probeHttp({ type: 'http', http: 'http://localhost:1' }, never);
  assert.equal(byName.output, 'Get "http://localhost:1": dial tcp localhost:1: connect: connection refused');
  assert.deepEqual(await probeTcp({ type: 'tcp', tcp: '127.0.0.1:1' }, never), {
    status: 'critical',
    output: 'dial tcp 127.0.0.1:1: connect: connection refused',
  });
});

test('a target that never answers is given up', async () => {
  await using target = await serve(() => undefined);
  const giveUp = new AbortController();
  target.server.once('request', () => giveUp.abort());
  const result = await probeHttp({ type: 'http', http: target.url }, giveUp.signal);
  assert.equal(result.status, 'critical');
  assert.match(result.output, /Client\.Timeout exceeded/);
});

test('a body that breaks off does not change what its code says', async () => {
  await using target = await serve((_request, response) => {
    response.write('half', () => response.destroy());
  });
  const result = await probeHttp({ type: 'http', http: target.url }, never);
  assert.deepEqual([result.status, result.output.slice(-12)], ['passing', 'Output: half']);
});

test('a port that accepts is passing', async () => {
  const server = createTcpServer((socket) => socket.end());
  await using target = await listening(server);
  assert.deepEqual(await probeTcp({ type: 'tcp', tcp: target.address }, never), {
    status: 'passing',
    output: `TCP connect ${target.address}: Success`,
  });
});

test('what can’t be a target is critical at once', async () => {
  const results: ProbeResult[] = [];
  for (const tcp of ['', 'nowhere', '127.0.0.1', '127.0.0.1:99999'])
    results.push(await probeTcp({ type: 'tcp', tcp }, never));
  for (const http of ['', 'nowhere', 'ftp://x'])
    results.push(await probeHttp({ type: 'http', http } as CheckDefinition, never));
  assert.ok(results.every(({ status }) => status === 'critical'));
  assert.deepEqual(splitHostPort('[::1]:80'), { host: '::1', port: 80 });
});

test('a UDP port that nobody listens to is critical; an answer or silence is passing', async () => {
  const listener = createSocket('udp4');
  await new Promise<void>((resolve) => listener.bind(0, '127.0.0.1', resolve));
  const udp = `127.0.0.1:${listener.address().port}`;
  const passing = { status: 'passing', output: `UDP connect ${udp}: Success` };
  listener.once('message', (_, from) => listener.send('pong', from.port, from.address));
  assert.deepEqual(await probeUdp({ type: 'udp', udp }, never), passing);
  const timeUp = new AbortController();
  listener.once('message', () => timeUp.abort());
  assert.deepEqual(await probeUdp({ type: 'udp', udp }, timeUp.signal), passing);
  await new Promise<void>((resolve) => listener.close(resolve));
  assert.deepEqual(await probeUdp({ type: 'udp', udp }, never), {
    status: 'critical',
    output: `dial udp ${udp}: connect: connection refused`,
  });
  assert.equal((await probeUdp({ type: 'udp', udp: 'nowhere' }, never)).status, 'critical');
});

test('over HTTPS the target proves its name, unless the check says not to', async () => {
  const { chain: cert, key } = await (await createThrowawayCa()).issue('web');
  const names: unknown[] = [];
  await using target = await listening(
    createHttpsServer({ cert, key: key.reveal() }, ({ socket }, response) => {
      names.push((socket as { servername?: unknown }).servername);
      response.end();
    }),
  );
  const definition = { type: 'http', http: `https://${target.address}/` } as const;
  assert.equal((await probeHttp(definition, never)).status, 'critical');
  const lenient = { ...definition, tlsSkipVerify: true, tlsServerName: 'web.test' };
  assert.equal((await probeHttp(lenient, never)).status, 'passing');
  assert.deepEqual(names, ['web.test']);
});

interface Target extends AsyncDisposable {
  readonly url: string;
  readonly address: string;
  readonly server: Server;
}

function serve(listener: RequestListener): Promise<Target> {
  return listening(createServer(listener));
}

async function listening(server: Server): Promise<Target> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      (server as Server & { closeAllConnections?(): void }).closeAllConnections?.();
    });
  return { url: `http://127.0.0.1:${port}`, address: `127.0.0.1:${port}`, server, [Symbol.asyncDispose]: close };
}
