import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exponentialBackoff } from './backoff.ts';

test('the wait doubles up to the ceiling', () => {
  const backoff = exponentialBackoff(100, 1_000, () => 1);
  assert.deepEqual([1, 2, 3, 4, 5, 50].map(backoff), [100, 200, 400, 800, 1_000, 1_000]);
});

test('chance spreads the wait over its upper half, however many failures', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (failures, chance) => {
        const wait = exponentialBackoff(100, 60_000, () => chance)(failures);
        assert.ok(wait >= 50 && wait <= 60_000);
      },
    ),
  );
});
