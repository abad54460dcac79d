import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { type Clock, noMetrics, type Runtime, silentLog, systemClock } from '../base/index.ts';
import { ClientLimits } from './client-limits.ts';
import type { HttpRequest } from './route.ts';
import { type HttpLimits, type HttpServer, startHttpServer } from './server.ts';

test('a client on another machine has 200 connections, one on this machine any number', () => {
  for (const [address, expected] of [
    ['192.0.2.1', 'refused'],
    ['2001:db8::1', 'refused'],
    ['127.0.0.1', 'accepted'],
    ['::ffff:127.0.0.1', 'accepted'],
    ['::1', 'accepted'],
    [undefined, 'accepted'],
  ] as const) {
    const clients = new ClientLimits({}, systemClock);
    for (let count = 0; count < 200; count += 1) assert.equal(clients.enter(address), 'accepted');
    assert.equal(clients.enter(address), expected, address);
  }
});

test('what a client has given back it may take again, and one address is nothing to another', () => {
  const clients = new ClientLimits({ connections: 1 }, systemClock);
  const enter = (address: string): string => clients.enter(address);
  assert.deepEqual(['10.0.0.1', '10.0.0.2', '::ffff:10.0.0.1', '10.0.0.1'].map(enter), [
    'accepted',
    'accepted',
    'refused',
    'cut',
  ]);
  clients.leave('10.0.0.1', 'accepted');
  assert.equal(enter('10.0.0.1'), 'accepted');
});

test('addresses of IPv6 with the same first half are one client', () => {
  const clients = new ClientLimits({ connections: 1 }, systemClock);
  assert.equal(clients.enter('2001:db8:0:1::1'), 'accepted');
  assert.equal(clients.enter('2001:db8:0:1:ffff:2:3:4'), 'refused');
  assert.equal(clients.enter('2001:db8:0:2::1'), 'accepted');
  assert.equal(clients.enter('2001:db8::1'), 'accepted');
});

test('a client may ask twice its rate at once, and then as often as its rate says', () => {
  let now = 0;
  const clock: Clock = { ...systemClock, now: () => now };
  const clients = new ClientLimits({ requestRate: 2 }, clock);
  const ask = (): number => clients.takeRequest('10.0.0.1');
  assert.deepEqual([ask(), ask(), ask(), ask(), ask()], [0, 0, 0, 0, 1]);
  assert.equal(clients.takeRequest('10.0.0.2'), 0);
  now = 500;
  assert.deepEqual([ask(), ask()], [0, 1]);
  now = 0; // a clock that was set back gives nothing and takes nothing
  assert.equal(ask(), 1);
  now = 60_000;
  assert.deepEqual([ask(), ask(), ask(), ask(), ask()], [0, 0, 0, 0, 1]);
});

test('0 is no limit', () => {
  const clients = new ClientLimits({ connections: 0, requestRate: 0 }, systemClock);
  for (let count = 0; count < 5_000; count += 1) {
    assert.equal(clients.enter('192.0.2.1'), 'accepted');
    assert.equal(clients.takeRequest('192.0.2.1'), 0);
  }
});

test('a connection too many is told so, and its place is free once another is closed', async () => {
  await using server = await start({ perClient: { connections: 2 } });
  const first = await open(server);
  const second = await open(server);
  const answer = await read(await open(server));
  assert.match(answer, /^HTTP\/1\.1 429 Too Many Requests\r\n/);
  assert.match(answer, /\r\nRetry-After: 1\r\n/);
  assert.match(answer, /too many connections of this client; close some, or raise limits\.http_max_conns_per_client$/);
  first.destroy();
  let third = ''; // once the server has noticed
  while (!third.startsWith('HTTP/1.1 200 ')) third = await read(await open(server), closing);
  second.destroy();
});

test('a client that asks too often is told when to come back, before its body is read', async () => {
  const now = 0;
  await using server = await start({ perClient: { requestRate: 0.1 } }, { ...systemClock, now: () => now });
  assert.equal((await ask(server)).statusCode, 200);
  const refused = await ask(server);
  assert.deepEqual([refused.statusCode, refused.headers['retry-after']], [429, '10']);
  const socket = await open(server);
  socket.write('PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n');
  assert.match(await read(socket), /^HTTP\/1\.1 429 .*ask again in 10 s/s);
});

/** No client is waited for longer than the limits say: each of these sends or takes nothing more. */
const slow: readonly (readonly [name: string, sent: string, answer: RegExp])[] = [
  ['says nothing', '', /^HTTP\/1\.1 408 /],
  ['sends no end of its headers', 'GET / HTTP/1.1\r\nHost: loc', /^HTTP\/1\.1 408 /],
  [
    'sends no end of its body',
    'PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nx',
    /^(HTTP\/1\.1 4\d\d |$)/,
  ],
];
for (const [name, sent, answer] of slow) {
  test(`a client that ${name} loses its connection`, async () => {
    await using server = await start({ receiveTime: 100 });
    const socket = await open(server);
    socket.write(sent);
    assert.match(await read(socket), answer);
  });
}

test('a client that never takes its answer loses its connection', async () => {
  const gone = Promise.withResolvers<void>();
  await using server = await start({ sendTime: 100 }, systemClock, gone.resolve);
  const socket = await open(server);
  socket.pause();
  socket.write('GET /big HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await gone.promise;
  assert.ok((await read(socket)).length < big.length);
});

const big = Buffer.alloc(64 << 20);
const closing = 'GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n';

async function start(
  limits: Partial<HttpLimits>,
  clock: Clock = systemClock,
  gone: () => void = () => undefined,
): Promise<HttpServer> {
  const runtime: Runtime = { clock, log: silentLog, metrics: noMetrics, random: Math.random };
  const done = (): { status: number } => ({ status: 200 });
  const routes = [
    { path: '/', methods: { GET: done, PUT: done } },
    {
      path: '/big',
      methods: {
        GET: ({ signal }: HttpRequest) => {
          signal.addEventListener('abort', gone);
          return { status: 200, body: big };
        },
      },
    },
  ];
  return startHttpServer({ routes, listen: { host: '127.0.0.1', port: 0 }, limits }, runtime);
}

async function open(server: HttpServer): Promise<Socket> {
  const socket = connect(server.address as { port: number });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Sends `bytes`, and gives all that comes until the connection is closed. */
async function read(socket: Socket, bytes = ''): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  socket.write(bytes);
  socket.resume();
  await closed;
  return text;
}

async function ask({ address }: HttpServer): Promise<http.IncomingMessage> {
  const request = http.request({ ...(address as { port: number }), agent: false }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  response.resume();
  return response;
}
