/**
 * What existing clients of Consul's API expect is a numbered list, 1 to 33. Each number stands at the front of the name of a test in this
 * folder, or here with the reason why it is not ours to keep.
 */

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const outOfScope = new Map<number, string>([
  [18, 'prepared queries: they answer 501'],
  [20, 'the discovery chain: it answers 501'],
]);

/** Tested for what the agent has; the rest of the point, and why it is left out. */
const partly = new Map<number, string>([
  [2, 'how soon it serves is measured by bench/start.ts and not tested'],
  [14, 'the durations of resolvers and routers: only service-intentions are kept as config entries'],
  [15, 'the values of proxy-defaults: as before'],
  [16, 'the kinds mesh and service-defaults: as before'],
  [26, '`Connect must be enabled`: Connect is what this agent is for and is always on'],
]);

const folder = new URL('./', import.meta.url);
const tested = new Set(
  readdirSync(folder)
    .filter((file) => file.endsWith('.test.ts'))
    .flatMap((file) => [...readFileSync(new URL(file, folder), 'utf8').matchAll(/test\(\s*['"`](\d+): /g)])
    .map(([, number]) => Number(number)),
);

test('each expectation is tested, or listed with its reason', () => {
  const all = Array.from({ length: 33 }, (_, index) => index + 1);
  assert.deepEqual(
    [...tested, ...outOfScope.keys()].sort((a, b) => a - b),
    all,
  );
  for (const number of partly.keys()) assert.ok(tested.has(number), `${number} has no test`);
});
