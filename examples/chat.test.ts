/**
 * Tests of the chat in chat.ts, in a mesh of their own: no agent to start, no port to choose, nothing to wait for.
 *
 *   node --test examples/chat.test.ts
 */

import assert from 'node:assert/strict';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import type { Service } from 'fairlead';
import { startMesh } from 'fairlead/testing';
import { startChat } from './chat.ts';

test('everybody hears who said what', async () => {
  await using mesh = await startMesh({ services: ['chat', 'ann', 'bob'], intentions: ['* → chat: allow'] });
  await startChat(mesh.service('chat'));
  const ann = await enter(mesh.service('ann'));
  const bob = await enter(mesh.service('bob'));
  bob.say('hello');
  assert.equal(await ann.hears(), 'bob came');
  assert.equal(await ann.hears(), 'bob: hello');
});

test('who may not enter is refused, and who may no longer stay is shown out', async () => {
  await using mesh = await startMesh({ services: ['chat', 'ann', 'bob'], intentions: ['ann → chat: allow'] });
  await startChat(mesh.service('chat'));
  const [refusal] = await once(await mesh.service('bob').dial('chat'), 'error');
  assert.equal(refusal.code, 'REFUSED_BY_PEER');

  await mesh.allow('bob', 'chat');
  const ann = await enter(mesh.service('ann'));
  const bob = await enter(mesh.service('bob'));
  const shownOut = once(bob.socket, 'error');
  await mesh.deny('bob', 'chat');
  await shownOut;
  assert.equal(await ann.hears(), 'bob came');
  assert.equal(await ann.hears(), 'bob left');
});

test('a talk outlives its certificates and the root behind them', async () => {
  await using mesh = await startMesh({ services: ['chat', 'ann'], intentions: ['ann → chat: allow'] });
  await startChat(mesh.service('chat'));
  const ann = await enter(mesh.service('ann'));
  await mesh.rotateRoot();
  await mesh.clock.advance(72 * 3_600_000); // a certificate's whole life, in no time
  ann.say('still here');
  assert.equal(await ann.hears(), 'ann: still here');
});

/** Resolves when `service` is in the room. */
async function enter(service: Service) {
  const socket = await service.dial('chat');
  const lines = on(
    createInterface(socket).on('error', () => undefined),
    'line',
  ); // the socket tells of its errors
  const hears = async (): Promise<string> => (await lines.next()).value?.[0];
  const say = (line: string): boolean => socket.write(`${line}\n`);
  assert.equal(await hears(), `${service.name} came`);
  return { socket, say, hears };
}
