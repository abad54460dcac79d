import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../base/index.ts';
import type { Child } from './child.ts';
import { waitFor } from './wait.ts';

test('what becomes ready is waited for', async () => {
  let asked = 0;
  const found = await waitFor(async () => (++asked > 3 ? 'ready' : undefined), options({ isRunning: true }));
  assert.equal(found, 'ready');
});

test('a process that ends is not waited for; its last lines are shown', async () => {
  await assert.rejects(
    waitFor(async () => undefined, options({ isRunning: false })),
    {
      name: 'CommandFailure',
      message: 'The agent ended. The last lines of the agent:\n\n    up\n    out of luck',
    },
  );
});

test('a wait has a bound, and says what did not happen', async () => {
  const failing = async (): Promise<undefined> => {
    throw new Error('refused');
  };
  await assert.rejects(waitFor(failing, options({ isRunning: true })), {
    name: 'CommandFailure',
    message: /^The agent is not ready after 2s\. The last lines of the agent:\n\n {4}up\n/,
  });
});

function options({ isRunning }: { isRunning: boolean }): Parameters<typeof waitFor>[1] {
  let now = 0;
  const clock: Clock = {
    now: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
  const child: Child = {
    title: 'the agent',
    pid: 1,
    logFile: '',
    isRunning: () => isRunning,
    exited: Promise.resolve(),
    lastLines: () => 'up\nout of luck',
    close: async () => undefined,
    [Symbol.asyncDispose]: async () => undefined,
  };
  return { complaint: 'the agent is not ready', bound: 2_000, child, clock, signal: new AbortController().signal };
}
