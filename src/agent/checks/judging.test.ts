import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { CheckDefinition, CheckRow, CheckStatus } from '../state/tables.ts';
import { limitOutput, outputLimitOf } from './output.ts';
import { findGivenUp } from './reaping.ts';
import { reconcile } from './reconcile.ts';
import { withOutputShown, withResult } from './result.ts';
import { judge, noStreak } from './thresholds.ts';
import { heardFrom, lapsed } from './ttl.ts';

const [P, W, C]: readonly CheckStatus[] = ['passing', 'warning', 'critical'];
const series: readonly (readonly [string, object, readonly (CheckStatus | undefined)[], readonly unknown[]])[] = [
  ['every result counts by itself', {}, [P, C, W, P], [P, C, W, P]],
  ['the third failure in a row decides', { failuresBeforeCritical: 3 }, [C, C, P, C, C, C], ['-', '-', P, '-', '-', C]],
  ['the second success in a row decides', { successBeforePassing: 2 }, [P, C, P, P], ['-', C, '-', P]],
  ['failures warn first', { failuresBeforeWarning: 1, failuresBeforeCritical: 2 }, [C, C, C], [W, C, C]],
];
for (const [what, thresholds, results, expected] of series) {
  test(`${what}`, () => {
    let streak = noStreak;
    const found = results.map((result) => {
      const judged = judge(result ?? 'passing', streak, thresholds);
      streak = judged.streak;
      return judged.status ?? '-';
    });
    assert.deepEqual(found, expected);
  });
}

test('a new status is shown with its output; newer output at the same status waits', () => {
  const row = rowOf({ type: 'http' }, { status: 'critical' });
  const passing = withResult(row, 'passing', 'fine');
  assert.deepEqual([passing.status, passing.output, passing.local?.output], ['passing', 'fine', undefined]);
  const newer = withResult(passing, 'passing', 'finer');
  assert.deepEqual([newer.output, newer.local?.output], ['fine', 'finer']);
  assert.equal(withResult(newer, 'passing', 'finer'), newer);
  assert.deepEqual(withResult(newer, 'passing', 'fine').local?.output, undefined);
  assert.deepEqual([withOutputShown(newer).output, withOutputShown(newer).local?.output], ['finer', undefined]);
  assert.equal(withOutputShown(passing), passing);
});

test('output is cut to 4096 bytes, and the rest is told', () => {
  assert.equal(limitOutput('x'.repeat(4096)), 'x'.repeat(4096));
  assert.equal(limitOutput('x'.repeat(5000)), `${'x'.repeat(4096)} ... (captured 4096 of 5000 bytes)`);
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(100), (output, limit) => {
      const kept = limitOutput(output, limit);
      assert.ok(kept === output || kept.includes(`(captured ${limit} of ${Buffer.byteLength(output)} bytes)`));
    }),
  );
});

test('a check may ask for more output, up to 64 KiB', () => {
  assert.equal(outputLimitOf({ type: 'ttl' }), 4_096);
  assert.equal(outputLimitOf({ type: 'ttl', outputMaxSize: 10_000 }), 10_000);
  assert.equal(outputLimitOf({ type: 'ttl', outputMaxSize: 1_000_000 }), 65_536);
});

test('a lapse tells the last words once', () => {
  const row = heardFrom(rowOf({ type: 'ttl', ttl: 5_000 }, { status: 'critical' }), 'passing', 'fine', 1_000);
  assert.equal(row.local?.expiresAt, 6_000);
  const once = lapsed(row);
  assert.deepEqual([once.status, once.output], ['critical', 'TTL expired (last output before timeout follows): fine']);
  assert.equal(lapsed(once), once);
  assert.equal(lapsed(rowOf({ type: 'ttl' }, { status: 'passing' })).output, 'TTL expired');
});

test('only checks that are new, gone or changed are started and stopped', () => {
  const http = (interval: number): CheckDefinition => ({ type: 'http', http: 'http://x', interval });
  const running = new Map([
    ['kept', http(1)],
    ['changed', http(1)],
    ['gone', http(1)],
  ]);
  const wanted = new Map([
    ['kept', http(1)],
    ['changed', http(2)],
    ['new', http(1)],
  ]);
  assert.deepEqual(reconcile(running, wanted), { stop: ['changed', 'gone'], start: ['changed', 'new'] });
});

test('a service is given up after it was critical for long enough without a break', () => {
  const check = rowOf({ type: 'ttl', deregisterCriticalServiceAfter: 90_000 }, { status: 'critical' });
  const first = findGivenUp([check], new Map(), 1_000);
  assert.deepEqual([...first.services], []);
  assert.deepEqual([...findGivenUp([check], first.since, 90_999).services], []);
  assert.deepEqual([...findGivenUp([check], first.since, 91_000).services], ['web']);
  const better = findGivenUp([{ ...check, status: 'passing' }], first.since, 50_000);
  assert.deepEqual([...findGivenUp([check], better.since, 91_000).services], []);
  const soon = rowOf({ type: 'ttl', deregisterCriticalServiceAfter: 1 }, { status: 'critical' });
  assert.deepEqual([...findGivenUp([soon], first.since, 60_999).services], [], 'a minute at least');
});

function rowOf(definition: CheckDefinition, { status }: Pick<CheckRow, 'status'>): CheckRow {
  return {
    node: 'n',
    checkId: 'c',
    name: 'c',
    status,
    notes: '',
    output: '',
    serviceId: 'web',
    serviceName: 'web',
    serviceTags: [],
    type: definition.type,
    local: { definition },
  };
}
