import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Instance } from '../../mtls/index.ts';
import { chooseInstance, type Load } from './balance.ts';

const idle: Load = { open: () => 0, hasFailed: () => false };

test('none is chosen of none, and the only one of one', () => {
  assert.equal(
    chooseInstance([], idle, () => 0.5),
    undefined,
  );
  const [one] = instances([0]);
  assert.equal(
    chooseInstance(one ? [one] : [], idle, () => 0.999),
    one,
  );
});

test('of two, the one with fewer connections for its weight', () => {
  const [a, b] = instances([1, 3]);
  assert.ok(a && b);
  const draws = [0, 0.99]; // first a, then b
  const load: Load = { ...idle, open: (instance) => (instance === a ? 2 : 3) };
  assert.equal(
    chooseInstance([a, b], load, () => draws.shift() ?? 0),
    b,
  );
});

test('one that has failed is chosen only when nothing better is left', () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  const weights = fc.array(fc.integer({ min: 0, max: 10 }), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(
      weights,
      fc.integer({ min: 0, max: 255 }),
      fc.array(chance, { minLength: 2, maxLength: 2 }),
      (list, mask, draws) => {
        const all = instances(list);
        const hasFailed = ({ port }: Instance): boolean => ((mask >> port) & 1) === 1;
        const chosen = chooseInstance(all, { ...idle, hasFailed }, () => draws.shift() ?? 0);
        assert.ok(chosen !== undefined && all.includes(chosen));
        assert.equal(hasFailed(chosen), all.every(hasFailed));
      },
    ),
  );
});

function instances(weights: readonly number[]): Instance[] {
  return weights.map((weight, port) => ({
    id: `node/${port}`,
    host: '127.0.0.1',
    port,
    spiffeId: 'spiffe://x',
    weight,
  }));
}
