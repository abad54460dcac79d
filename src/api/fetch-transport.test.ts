import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRuntime } from '../testing/index.ts';
import { createClient } from './client.ts';
import type { FetchFunction } from './fetch-transport.ts';

test('the function is asked what an agent behind a socket would be asked', async () => {
  const asked: unknown[] = [];
  const client = clientOf(async (path, init) => {
    asked.push([init?.method, path, init?.body]);
    return new Response('{"answer":1}', { headers: { 'X-Consul-Index': '7' } });
  });
  const options = { query: { dc: 'dc1' }, body: { Name: 'web' } };
  const answer = await client.call('PUT', '/v1/agent/service/register', options);
  assert.deepEqual(asked, [['PUT', '/v1/agent/service/register?dc=dc1', '{"Name":"web"}']]);
  assert.deepEqual([answer.status, answer.headers['x-consul-index'], answer.json()], [200, '7', { answer: 1 }]);
});

const failures: readonly (readonly [string, FetchFunction, object])[] = [
  ['a refusal', async () => new Response('Permission denied', { status: 403 }), { code: 'TOKEN_REFUSED', status: 403 }],
  ['an agent that is closed', () => Promise.reject(new Error('the agent is closed')), { code: 'UNREACHABLE' }],
  ['no answer in time', hanging, { code: 'TIMEOUT', message: /from the agent in this process within 0.05 s/ }],
];
for (const [what, fetch, expected] of failures)
  test(`${what} fails with a code`, async () => {
    await assert.rejects(clientOf(fetch).call('GET', '/v1/agent/self', { timeout: 50 }), expected);
  });

test('close cuts blocking queries at once and lets calls end; afterwards nothing is asked', async () => {
  const { promise: answer, resolve } = Promise.withResolvers<Response>();
  const client = clientOf((path, init) => (path.includes('roots') ? hanging(path, init) : answer));
  const watching = client.roots(5, new AbortController().signal);
  const call = client.call('GET', '/v1/agent/self');
  const closing = client.close();
  await assert.rejects(watching, { code: 'UNREACHABLE', message: 'the client was closed' });
  resolve(new Response('{}'));
  assert.equal((await call).status, 200);
  await closing;
  await assert.rejects(client.call('GET', '/v1/agent/self'), { code: 'UNREACHABLE' });
});

function clientOf(fetch: FetchFunction) {
  return createClient({ address: '127.0.0.1:8500', fetch, runtime: testRuntime() });
}

function hanging(_path: string, init?: RequestInit): Promise<Response> {
  return new Promise((_, reject) => {
    init?.signal?.addEventListener('abort', () => reject(init.signal?.reason), { once: true });
  });
}
