import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeClock } from '../../mesh/fake-clock.ts';
import { CsrLimit, nextTurn } from './csr-limit.ts';

for (const [promise, previous, perSecond, now, turn] of [
  ['the first CSR is signed at once', Number.NEGATIVE_INFINITY, 50, 1_000, 1_000],
  ['the next waits for its turn', 1_000, 50, 1_000, 1_020],
  ['after a rest there is no waiting', 1_000, 50, 5_000, 5_000],
  ['half a second is waited for', 1_480, 50, 1_000, 1_500],
  ['longer is not', 1_481, 50, 1_000, undefined],
  ['one in ten seconds is a limit as well', 1_000, 0.1, 2_000, undefined],
  ['without a limit there is no waiting', 1_000, 0, 1_000, 1_000],
  ['a clock that was set back closes nothing', 900_000, 50, 1_000, 1_000],
] as const) {
  test(promise, () => assert.equal(nextTurn(previous, perSecond, now), turn));
}

test('of a hundred CSRs at once those are signed that fit in half a second', async () => {
  const clock = new FakeClock();
  const limit = new CsrLimit(clock, () => ({ perSecond: 50, concurrent: 0 }));
  const running = Promise.allSettled(Array.from({ length: 100 }, () => limit.run(async () => undefined)));
  await clock.advance(600);
  const results = await running;
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 26);
  const refused = results.find((result) => result.status === 'rejected');
  assert.equal(refused?.reason.message, 'Rate limit reached, try again later');
});

test('no more are signed at the same time than the limit says, and a place is handed on', async () => {
  const clock = new FakeClock();
  const limit = new CsrLimit(clock, () => ({ perSecond: 0, concurrent: 2 }));
  const ends: (() => void)[] = [];
  let running = 0;
  let most = 0;
  const sign = async (): Promise<void> => {
    running += 1;
    most = Math.max(most, running);
    await new Promise<void>((resolve) => ends.push(resolve));
    running -= 1;
  };
  const all = [1, 2, 3, 4].map(() => limit.run(sign));
  await clock.untilSleeping(2);
  while (ends.length > 0) {
    ends.shift()?.();
    await clock.advance(0);
  }
  await Promise.all(all);
  assert.equal(most, 2);
});

test('who finds no place within half a second is refused', async () => {
  const clock = new FakeClock();
  const limit = new CsrLimit(clock, () => ({ perSecond: 0, concurrent: 1 }));
  const held = Promise.withResolvers<void>();
  const first = limit.run(() => held.promise);
  const second = limit.run(async () => undefined);
  await clock.untilSleeping();
  const refused = assert.rejects(second, { code: 'RATE_LIMITED' });
  await clock.advance(500);
  await refused;
  held.resolve();
  await first;
  await limit.run(async () => undefined);
});

test('a CSR that fails gives its place back', async () => {
  const limit = new CsrLimit(new FakeClock(), () => ({ perSecond: 0, concurrent: 1 }));
  await assert.rejects(
    limit.run(() => Promise.reject(new Error('no'))),
    /no/,
  );
  await limit.run(async () => undefined);
});
