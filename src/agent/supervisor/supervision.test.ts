import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstAttempt, next, type Supervision, type SupervisionEvent, usualPolicy } from './supervision.ts';

const cases: readonly (readonly [string, Supervision, SupervisionEvent, Supervision])[] = [
  [
    'the first start is at once',
    firstAttempt(7),
    { kind: 'started', at: 7 },
    { kind: 'running', since: 7, attempt: 1 },
  ],
  [
    'a second attempt follows at once',
    { kind: 'running', since: 0, attempt: 1 },
    { kind: 'exited', at: 5 },
    { kind: 'waiting', until: 5, attempt: 2 },
  ],
  [
    'a third too',
    { kind: 'running', since: 0, attempt: 2 },
    { kind: 'exited', at: 5 },
    { kind: 'waiting', until: 5, attempt: 3 },
  ],
  [
    'the fourth waits two seconds',
    { kind: 'running', since: 0, attempt: 3 },
    { kind: 'exited', at: 5 },
    { kind: 'waiting', until: 2_005, attempt: 4 },
  ],
  [
    'a program that can not be started waits as one that ended',
    { kind: 'waiting', until: 2_005, attempt: 4 },
    { kind: 'exited', at: 2_005 },
    { kind: 'waiting', until: 6_005, attempt: 5 },
  ],
  [
    'nobody waits longer than a minute',
    { kind: 'running', since: 0, attempt: 50 },
    { kind: 'exited', at: 5 },
    { kind: 'waiting', until: 60_005, attempt: 51 },
  ],
  [
    'a run just short of ten seconds is not healthy',
    { kind: 'running', since: 0, attempt: 50 },
    { kind: 'exited', at: 9_999 },
    { kind: 'waiting', until: 69_999, attempt: 51 },
  ],
  [
    'a healthy run forgives all before',
    { kind: 'running', since: 0, attempt: 50 },
    { kind: 'exited', at: 10_000 },
    { kind: 'waiting', until: 10_000, attempt: 1 },
  ],
  [
    'time spent waiting is no healthy run',
    { kind: 'waiting', until: 60_000, attempt: 9 },
    { kind: 'exited', at: 60_000 },
    { kind: 'waiting', until: 120_000, attempt: 10 },
  ],
  [
    'one that runs gets five seconds to end',
    { kind: 'running', since: 0, attempt: 1 },
    { kind: 'stopRequested', at: 100 },
    { kind: 'stopping', killAt: 5_100 },
  ],
  [
    'asked again, it gets no more',
    { kind: 'stopping', killAt: 5_100 },
    { kind: 'stopRequested', at: 4_000 },
    { kind: 'stopping', killAt: 5_100 },
  ],
  [
    'one that ended on request is not started again',
    { kind: 'stopping', killAt: 5_100 },
    { kind: 'exited', at: 200 },
    { kind: 'stopped' },
  ],
  [
    'one that waits for its next attempt is not started any more',
    { kind: 'waiting', until: 2_005, attempt: 4 },
    { kind: 'stopRequested', at: 100 },
    { kind: 'stopped' },
  ],
  ['once stopped: never', { kind: 'stopped' }, { kind: 'exited', at: 5 }, { kind: 'stopped' }],
];

for (const [name, before, event, after] of cases) {
  test(name, () => assert.deepEqual(next(before, event, usualPolicy), after));
}

test('a program that ends at once is tried at 0, 0, 0, then after 2, 4, 8, 16, 32, 60 and 60 seconds', () => {
  const delays: number[] = [];
  let state = firstAttempt(0);
  for (let attempt = 0; attempt < 10 && state.kind === 'waiting'; attempt += 1) {
    const now: number = state.until;
    const ended = next(
      next(state, { kind: 'started', at: now }, usualPolicy),
      { kind: 'exited', at: now },
      usualPolicy,
    );
    delays.push(ended.kind === 'waiting' ? (ended.until - now) / 1_000 : Number.NaN);
    state = ended;
  }
  assert.deepEqual([0, ...delays], [0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60]);
});

test('whatever happens, nothing follows a stop, and no wait is longer than a minute', () => {
  const event = fc.record({
    kind: fc.constantFrom<SupervisionEvent['kind'][]>('started', 'exited', 'stopRequested'),
    after: fc.nat(30_000),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 50 }), (events) => {
      let [state, now] = [firstAttempt(0), 0];
      for (const { kind, after } of events) {
        now += after;
        const before = state;
        state = next(state, { kind, at: now }, usualPolicy);
        if (before.kind === 'stopped') assert.equal(state.kind, 'stopped');
        if (state.kind === 'waiting') assert.ok(state.until - now <= 60_000);
        if (before.kind === 'stopping') assert.ok(state.kind === 'stopping' || state.kind === 'stopped');
      }
    }),
  );
});
