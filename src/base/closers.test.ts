import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Closable, Closers } from './closers.ts';

test('a start that fails halfway closes what it had opened, last first', async () => {
  const closed: string[] = [];

  await assert.rejects(async () => {
    await using starting = new Closers();
    starting.add(named('identity', closed));
    starting.add(named('listener', closed));
    throw new Error('no such upstream');
  }, /no such upstream/);

  assert.deepEqual(closed, ['listener', 'identity']);
});

test('a finished start hands everything to its owner', async () => {
  const closed: string[] = [];
  let owned: Closers;
  {
    await using starting = new Closers();
    starting.add(named('identity', closed));
    owned = starting.release();
  }
  assert.deepEqual(closed, []);
  await Promise.all([owned.close(), owned.close()]);
  assert.deepEqual(closed, ['identity']);
});

test('a second close can cut the drain short', async () => {
  const draining: Closable = {
    close: ({ signal } = {}) => new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
    [Symbol.asyncDispose]: () => draining.close(),
  };
  const owner = new Closers();
  owner.add(draining);

  const patient = owner.close();
  await owner.close({ signal: AbortSignal.abort() });
  await patient;
});

function named(name: string, closed: string[]): Closable {
  const close = async () => void closed.push(name);
  return { close, [Symbol.asyncDispose]: close };
}
