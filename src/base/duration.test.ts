import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutated } from '../testing/fuzz.ts';
import { formatDuration, parseDuration } from './duration.ts';

for (const [text, ms] of [
  ['10s', 10_000],
  ['1h30m', 5_400_000],
  ['1.5s', 1_500],
  ['250ms', 250],
  ['72h', 259_200_000],
  ['-2s', -2_000],
  ['+2s', 2_000],
  ['.5m', 30_000],
  ['0', 0],
  ['500us', 0.5],
  ['5', undefined],
  ['', undefined],
  ['s', undefined],
  ['1 s', undefined],
  ['10 seconds', undefined],
  ['1d', undefined],
] as const) {
  test(`${JSON.stringify(text)} is ${ms === undefined ? 'no duration' : `${ms} ms`}`, () => {
    assert.equal(parseDuration(text), ms);
  });
}

for (const [ms, text] of [
  [0, '0s'],
  [259_200_000, '72h0m0s'],
  [90_000, '1m30s'],
  [1_500, '1.5s'],
  [250, '250ms'],
  [0.5, '500µs'],
  [-2_000, '-2s'],
] as const) {
  test(`${ms} ms is written ${text}`, () => {
    assert.equal(formatDuration(ms), text);
  });
}

test('what was written is read back as it was', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (ms) => assert.equal(parseDuration(formatDuration(ms)), ms)),
  );
});

test('any text, and any damage to a good one, is a finite number of milliseconds or none', () => {
  const texts = fc.oneof(fc.string({ maxLength: 2_000 }), mutated(['1h30m', '-1.5s', '.5ms', '250µs', '0', '5ns']));
  fc.assert(
    fc.property(texts, (text) => {
      const ms = parseDuration(text);
      assert.ok(ms === undefined || Number.isFinite(ms), `${text}: ${ms}`);
    }),
    { numRuns: fuzzRuns(500) },
  );
});

for (const piece of ['1', '1s', '1.', '.', '-', '9h'])
  test(`a mebibyte of ${piece} costs nothing`, { timeout: 10_000 }, () => {
    assert.equal(parseDuration(piece.repeat(1 << 20)), undefined);
    assert.equal(parseDuration(`${piece.repeat(1 << 20)}x`), undefined);
  });
