import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cell } from './cell.ts';

test('a subscriber sees the value now and each change, until it stops', () => {
  const cell = new Cell('a');
  const seen: string[] = [];
  const stop = cell.subscribe((value) => seen.push(value));
  cell.set('b');
  cell.set('b');
  stop();
  cell.set('c');
  assert.deepEqual(seen, ['a', 'b']);
});

test('an aborted signal ends a subscription', () => {
  const cell = new Cell(1);
  const over = new AbortController();
  const seen: number[] = [];
  cell.subscribe((value) => seen.push(value), over.signal);
  over.abort();
  cell.set(2);
  assert.deepEqual(seen, [1]);
});

test('waiting ends at the first value that is accepted', async () => {
  const cell = new Cell(1);
  const big = cell.until((value) => value > 2);
  cell.set(2);
  cell.set(3);
  assert.equal(await big, 3);
  assert.equal(await cell.until((value) => value === 3), 3);
});

test('waiting ends with the reason of the abort', async () => {
  const cell = new Cell(1);
  const over = new AbortController();
  const never = cell.until((value) => value > 2, over.signal);
  over.abort(new Error('enough'));
  await assert.rejects(never, /enough/);
  await assert.rejects(
    cell.until((value) => value > 2, over.signal),
    /enough/,
  );
});
