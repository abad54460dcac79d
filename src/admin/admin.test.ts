import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttpServer } from '../http/index.ts';
import { testRuntime } from '../testing/index.ts';
import { type AdminSources, adminRoutes } from './admin.ts';

test('ready and live answer 503 with the reasons for no, and the rest is shown', async () => {
  let readiness: ReturnType<AdminSources['ready']> = { ready: false, missing: ['the roots to trust'], problems: [] };
  const routes = adminRoutes({
    ready: () => readiness,
    live: () => true,
    metrics: async () => 'connect_ready 0\n',
    config: () => ({ service: 'web' }),
    connections: () => [{ id: 1 }],
    certificates: () => ({ roots: [] }),
  });
  await using server = await startHttpServer({ routes, listen: { host: '127.0.0.1', port: 0 } }, testRuntime());
  if ('path' in server.address) throw new Error('a path');
  const base = `http://127.0.0.1:${server.address.port}`;

  const notReady = await fetch(`${base}/ready`);
  assert.equal(notReady.status, 503);
  assert.deepEqual(await notReady.json(), readiness);
  readiness = { ready: true, missing: [], problems: [{ what: 'leaf', reason: 'no agent listens' }] };
  assert.equal((await fetch(`${base}/ready`)).status, 200, 'it goes on with what it had');
  assert.deepEqual(await (await fetch(`${base}/live`)).json(), { live: true });

  const metrics = await fetch(`${base}/metrics`);
  assert.equal(metrics.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(await metrics.text(), 'connect_ready 0\n');
  assert.deepEqual(await (await fetch(`${base}/config`)).json(), { service: 'web' });
  assert.deepEqual(await (await fetch(`${base}/connections`)).json(), { connections: [{ id: 1 }] });
  assert.deepEqual(await (await fetch(`${base}/certificates`)).json(), { roots: [] });
});
