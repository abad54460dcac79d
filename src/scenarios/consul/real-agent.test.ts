/** The harness itself: what the other tests in this folder take for granted about the real agent. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startRealConsul } from '../../testing/index.ts';

test('the real agent answers its own command line', async () => {
  await using consul = await startRealConsul();
  const { code, stdout } = await consul.cli(['members']);
  assert.equal(code, 0);
  assert.match(stdout, /^real +127\.0\.0\.1:\d+ +alive +server /m);
});

test('the real agent comes back on its address with its data after a crash', async () => {
  await using consul = await startRealConsul();
  await consul.cli(['services', 'register', '-name=web', '-port=9000']);
  await consul.kill9();
  assert.notEqual((await consul.cli(['catalog', 'services'])).code, 0);

  await consul.restart();
  const { stdout } = await consul.cli(['catalog', 'services']);
  assert.deepEqual(stdout.trim().split('\n'), ['consul', 'web']);
});

test('the real agent with ACLs refuses a command without a token', async () => {
  const masterToken = '11111111-2222-3333-4444-555555555555';
  await using consul = await startRealConsul({ acl: { masterToken } });
  const intention = ['intention', 'create', '-deny', 'web', 'db'];
  assert.notEqual((await consul.cli(intention, { env: { CONSUL_HTTP_TOKEN: undefined } })).code, 0);
  assert.equal((await consul.cli(intention)).code, 0);
});

test('the real built-in proxy has its identity when it is handed over', async () => {
  await using consul = await startRealConsul();
  const body = JSON.stringify({ Name: 'web', Port: 9000, Connect: { SidecarService: {} } });
  const url = `http://${consul.address}/v1/agent/service/register`;
  assert.equal((await fetch(url, { method: 'PUT', body })).status, 200);
  const proxy = await consul.startProxy(['-sidecar-for', 'web']);
  assert.match(proxy.output(), /svc\/web/);
});
