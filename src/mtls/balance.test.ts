import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { chooseInstance } from './balance.ts';
import type { Instance } from './state.ts';

const idle = { open: () => 0, hasFailed: () => false };

test('somebody is chosen whenever there is somebody, and it is one of them', () => {
  const weights = fc.array(fc.integer({ min: -1, max: 10 }), { maxLength: 8 });
  fc.assert(
    fc.property(weights, fc.double({ min: 0, max: 0.999999, noNaN: true }), (given, chance) => {
      const instances = given.map(instance);
      const chosen = chooseInstance(instances, idle, () => chance);
      assert.equal(chosen === undefined, instances.length === 0);
      if (chosen) assert.ok(instances.includes(chosen));
    }),
  );
});

test('weights are shares', () => {
  const instances = [instance(1, 0), instance(3, 1)];
  let state = 1;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let heavy = 0;
  for (let round = 0; round < 10_000; round += 1)
    if (chooseInstance(instances, idle, random) === instances[1]) heavy += 1;
  assert.ok(Math.abs(heavy / 10_000 - 0.75) < 0.02, String(heavy));
});

test('of two that are drawn, the one with less to do is taken; one that has failed comes last', () => {
  const [busy, free] = [instance(1, 0), instance(1, 1)];
  const draws = [0.1, 0.9];
  const open = (one: Instance) => (one === busy ? 5 : 1);
  const both = () => draws[(drawn++ % 2) as 0 | 1] ?? 0;
  let drawn = 0;
  assert.equal(chooseInstance([busy, free], { open, hasFailed: () => false }, both), free);
  assert.equal(chooseInstance([busy, free], { open, hasFailed: (one) => one === free }, both), busy);
  assert.equal(chooseInstance([free], { open, hasFailed: () => true }, both), free);
});

function instance(weight: number, at: number): Instance {
  return { id: `n1/db-${at}`, host: '127.0.0.1', port: at + 1, spiffeId: '', weight };
}
