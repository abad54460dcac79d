/** The npm `consul` client on the real agent and on ours: each call comes to the same, but for what docs/compatibility.md lists. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import Consul from 'consul';
import { startAgent } from '../../agent/index.ts';
import { Closers } from '../../base/index.ts';
import { startRealConsul, testRuntime } from '../../testing/index.ts';
import { calls, outcomeOf } from '../npm-client/calls.ts';
import { comparable } from '../npm-client/comparable.ts';
import { untilOwnNodeIsWhole } from './own-node.ts';

const closers = new Closers();
let onReal: Consul;
let onOurs: Consul;

before(async () => {
  const real = closers.add(await startRealConsul());
  const ours = closers.add(
    await startAgent({ dev: true, nodeName: 'real', http: [{ host: '127.0.0.1', port: 0 }] }, testRuntime()),
  );
  await untilOwnNodeIsWhole(real.port);
  onReal = new Consul({ host: '127.0.0.1', port: real.port });
  onOurs = new Consul({ host: '127.0.0.1', port: ours.address.port });
});

after(async () => {
  onReal.destroy();
  onOurs.destroy();
  await closers.close();
});

for (const call of calls)
  test(call.name, async () => {
    const [expected, found] = await Promise.all([outcomeOf(call, onReal), outcomeOf(call, onOurs)]);
    assert.deepEqual(comparable(found), comparable(expected));
  });
