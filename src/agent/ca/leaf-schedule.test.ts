import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type LeafTimes, nextStep } from './leaf-schedule.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Of 100 hours, which makes percents hours. */
const leaf: LeafTimes = {
  notBefore: 0,
  notAfter: 100 * hour,
  rootId: 'r1',
  chance: 0.5,
  lastAsked: 0,
  isWatched: false,
};
const root = { id: 'r1', since: 0 };
const newRoot = { id: 'r2', since: 10 * hour };

for (const [promise, now, change, active, step] of [
  ['a fresh leaf waits for its point between 60 and 90 %', 1, { isWatched: true }, root, 75 * hour],
  ['at its point it is renewed', 75 * hour, { isWatched: true }, root, 'renew'],
  ['the earliest point is 60 %', 1, { isWatched: true, chance: 0 }, root, 60 * hour],
  ['nobody asks: it is dropped after 72 hours', 1, {}, root, 72 * hour],
  ['72 hours after the last question it is dropped', 72 * hour + 1, {}, root, 'drop'],
  ['not while somebody waits for its successor', 73 * hour, { isWatched: true }, root, 75 * hour],
  ['expired, it is renewed at once', 100 * hour, { isWatched: true }, root, 'renew'],
  ['a clock that jumps ahead is noticed', 99 * hour, { lastAsked: 98 * hour }, root, 'renew'],
  ['a clock that jumps back before its life too', -1, {}, root, 'renew'],
  ['another root: soon', 10 * hour, {}, newRoot, 10 * hour + 15_000],
  ['another root: at once when its jitter is over', 11 * hour, {}, newRoot, 'renew'],
  ['another root, and the clock was set back', 9 * hour, {}, newRoot, 'renew'],
  [
    'another root, but its own time comes first',
    75 * hour,
    { lastAsked: 70 * hour },
    { id: 'r2', since: 75 * hour },
    'renew',
  ],
  [
    'after a failure it is tried in the next window',
    80 * hour,
    { isWatched: true, failing: { since: 80 * hour, count: 1, chance: 0.5 } },
    root,
    80 * hour + 45_000,
  ],
  [
    'after the third in the window after that',
    80 * hour,
    { isWatched: true, failing: { since: 80 * hour, count: 3, chance: 0 } },
    root,
    80 * hour + 90_000,
  ],
  [
    'then again',
    80 * hour + 45_000,
    { isWatched: true, failing: { since: 80 * hour, count: 1, chance: 0.5 } },
    root,
    'renew',
  ],
] as const) {
  test(promise, () => {
    const expected = typeof step === 'number' ? { kind: 'wait', until: step } : { kind: step };
    assert.deepEqual(nextStep({ ...leaf, ...change }, active, now), expected);
  });
}

test('a wait always ends in the future, before the leaf expires', () => {
  const times = fc.integer({ min: -10 * day, max: 10 * day });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(
      times,
      times,
      times,
      chance,
      chance,
      fc.nat(5),
      fc.boolean(),
      (now, lastAsked, since, a, b, count, isWatched) => {
        const failing = count === 0 ? {} : { failing: { since, count, chance: b } };
        const step = nextStep({ ...leaf, lastAsked, isWatched, chance: a, ...failing }, { id: 'r2', since }, now);
        if (step.kind !== 'wait') return;
        assert.ok(step.until > now || !isWatched);
        assert.ok(step.until >= now);
        if (count === 0) assert.ok(step.until < leaf.notAfter);
      },
    ),
  );
});
