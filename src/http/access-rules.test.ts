import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { noMetrics, type Runtime, silentLog, systemClock } from '../base/index.ts';
import { type AccessOptions, AccessRules, isAddressRange } from './access-rules.ts';
import type { ListenAddress } from './listen.ts';
import type { Route } from './route.ts';
import { type HttpServer, startHttpServer } from './server.ts';

const runtime: Runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: Math.random };
const done = (): { status: number } => ({ status: 200 });
const routes: readonly Route[] = [
  { path: '/v1/agent/self', methods: { GET: done } },
  { path: '/v1/agent/leave', methods: { PUT: done } },
  { path: '/v1/authorize', methods: { POST: done } },
  { path: '/v1/kv/', methods: { GET: done, PUT: done, DELETE: done } },
];
const blocked = [403, 'Endpoint is blocked by agent configuration'];
const restricted = [403, 'Access is restricted'];
const open = [200, ''];

test('a path that begins as a blocked one is closed, however it is written and asked', async () => {
  await using server = await start({ blockedPaths: ['/v1/agent/l', '/v1/kv/'] });
  const table: readonly (readonly [method: string, path: string, answer: unknown])[] = [
    ['GET', '/v1/agent/self', open],
    ['PUT', '/v1/agent/leave', blocked],
    ['GET', '/v1/agent/leave', blocked],
    ['OPTIONS', '/v1/agent/leave', blocked],
    ['PUT', '/v1/agent/leave?x', blocked],
    ['PUT', '/v1/agent/%6ceave', blocked],
    ['DELETE', '/v1/kv/a', blocked],
    ['DELETE', '/v1%2fkv/a', blocked],
    ['GET', '/v1/kv/', blocked],
    ['GET', '/v1/agent/leavex', [404, '']],
  ];
  for (const [method, path, answer] of table)
    assert.deepEqual(await ask(server.address, method, path), answer, `${method} ${path}`);
});

test('from other addresses than those of writers, everything but reading is refused', async () => {
  await using server = await start({ writersFrom: ['10.0.0.0/8', '127.0.0.2/32'] });
  const table: readonly (readonly [method: string, path: string, answer: unknown])[] = [
    ['GET', '/v1/agent/self', open],
    ['OPTIONS', '/v1/agent/leave', open],
    ['PUT', '/v1/agent/leave', restricted],
    ['POST', '/v1/authorize', restricted],
    ['DELETE', '/v1/kv/a', restricted],
    ['DELETE', '/v1/agent/self', [405, 'method DELETE not allowed']],
    ['PUT', '/v1/nope', [404, '']],
  ];
  for (const [method, path, answer] of table)
    assert.deepEqual(await ask(server.address, method, path), answer, `${method} ${path}`);
  const headers = { 'X-Forwarded-For': '10.0.0.1' };
  assert.deepEqual(await ask(server.address, 'PUT', '/v1/agent/leave', { headers }), restricted);
  assert.deepEqual(await ask(server.address, 'PUT', '/v1/agent/leave', { localAddress: '127.0.0.2' }), open);
});

test('a client of a Unix socket has no address, and is no writer where writers have one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-access-'));
  const listen = { path: join(folder, 'http.sock') };
  {
    await using server = await start({ writersFrom: ['0.0.0.0/0', '::/0'] }, listen);
    assert.deepEqual(await ask(server.address, 'GET', '/v1/agent/self'), open);
    assert.deepEqual(await ask(server.address, 'PUT', '/v1/agent/leave'), restricted);
  }
  {
    await using server = await start({}, listen);
    assert.deepEqual(await ask(server.address, 'PUT', '/v1/agent/leave'), open);
  }
  await rm(folder, { recursive: true });
});

const addresses: readonly (readonly [range: string, address: string, isWriter: boolean])[] = [
  ['10.1.2.3/8', '10.255.0.1', true],
  ['10.1.2.3/8', '11.0.0.1', false],
  ['10.0.0.0/8', '::ffff:10.0.0.1', true],
  ['10.0.0.0/8', '::ffff:11.0.0.1', false],
  ['10.0.0.0/8', '::1', false],
  ['0.0.0.0/0', 'fd00::1', false],
  ['fd00::/8', 'fd12::1', true],
  ['fd00::/8', 'fe80::1', false],
  ['fe80::/10', 'fe80::1%eth0', true],
  ['::/0', 'no address', false],
];
for (const [range, address, isWriter] of addresses) {
  test(`${address} is ${isWriter ? 'a' : 'no'} writer of ${range}`, () => {
    const rules = new AccessRules({ blockedPaths: [], writersFrom: [range] });
    if (isWriter) rules.checkMethod('PUT', address);
    else assert.throws(() => rules.checkMethod('PUT', address), { status: 403 });
    rules.checkMethod('GET', address);
  });
}

test('a range of addresses is an address and how many of its bits count', () => {
  const ranges = ['10.0.0.0/8', '0.0.0.0/0', '::1/128', 'fd00::/8'];
  assert.deepEqual(ranges.filter(isAddressRange), ranges);
  const others = ['', '10.0.0.0', '10.0.0.0/33', '10.0.0/8', '::1/129', 'x/8', '10.0.0.0/', 'fe80::1%eth0/64', '/8'];
  assert.deepEqual(others.filter(isAddressRange), []);
});

function start(access: Partial<AccessOptions>, listen: ListenAddress = local): Promise<HttpServer> {
  return startHttpServer({ routes, listen, access: { blockedPaths: [], writersFrom: [], ...access } }, runtime);
}

const local = { host: '127.0.0.1', port: 0 };

async function ask(
  address: ListenAddress,
  method: string,
  path: string,
  options: http.RequestOptions = {},
): Promise<[number | undefined, string]> {
  const to = 'path' in address ? { socketPath: address.path } : address;
  const request = http.request({ ...to, method, path, agent: false, ...options }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return [response.statusCode, text];
}
