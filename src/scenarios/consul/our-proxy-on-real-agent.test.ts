/** Our sidecars on the real Consul 1.8.7: authorization that reaches live connections, rotation under load, an agent that dies. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Closers } from '../../base/index.ts';
import { type RealConsul, startRealConsul } from '../../testing/index.ts';
import { eventually, type Pair, rotateUnderLoad, startPair } from './pair.ts';
import { resumedSession } from './resumption.ts';

let consul: RealConsul;
let pair: Pair;
const opened = new Closers();

before(async () => {
  consul = opened.add(await startRealConsul());
  pair = opened.add(await startPair({ agent: consul.address, web: 'ours', api: 'ours' }));
});

after(() => opened.close());

test('a request passes through both sidecars', async () => {
  assert.equal(await pair.request(), 'hello from api');
});

test('a deny by the real command line cuts the live connection and refuses new ones; another pair of services is not touched', async () => {
  const live = await pair.open();
  await intention('create', '-allow', '-replace', 'web', 'api');
  await live.ping();

  await intention('create', '-deny', '-replace', 'shop', 'cart');
  await live.ping();
  assert.equal(await pair.request(), 'hello from api');

  const seen = pair.applicationConnections();
  await intention('create', '-deny', '-replace', 'web', 'api');
  await live.closed;
  await assert.rejects(pair.request());
  assert.equal(pair.applicationConnections(), seen, 'the application was dialled for a denied peer');

  await intention('create', '-allow', '-replace', 'web', 'api');
  assert.equal(await eventually('new connections to be allowed again', pair.request), 'hello from api');
});

test('a rotation of the root under steady load fails no request, and no session is resumed after it', async () => {
  const live = await pair.open();
  const { passed, failures } = await rotateUnderLoad(pair, consul.address, async (file) => {
    const outcome = await consul.cli(['connect', 'ca', 'set-config', '-config-file', file]);
    assert.equal(outcome.code, 0, outcome.stderr);
  });
  assert.deepEqual(failures, []);
  assert.ok(passed > 0);
  await live.ping();
  live.destroy();
  for (const version of ['-tls1_2', '-tls1_3'] as const) {
    assert.equal(await resumedSession(consul.address, pair.publicPorts.api, version), 'New');
  }
});

test('while the agent is killed and restarted, live connections live and new ones go on', async () => {
  const live = await pair.open();
  await consul.kill9();
  await live.ping();
  for (let count = 0; count < 20; count += 1) assert.equal(await pair.request(), 'hello from api');
  await consul.restart();
  await live.ping();
  assert.equal(await pair.request(), 'hello from api');

  await intention('create', '-deny', '-replace', 'web', 'api');
  await live.closed;
});

async function intention(...args: string[]): Promise<void> {
  const outcome = await consul.cli(['intention', ...args]);
  assert.equal(outcome.code, 0, outcome.stderr);
}
