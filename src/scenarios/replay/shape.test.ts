import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lacking } from './shape.ts';

const rows: readonly [string, unknown, unknown, boolean, readonly string[]][] = [
  ['more members are welcome', { a: 1 }, { a: 2, b: '' }, false, []],
  ['a member that is absent is missed', { a: 1, b: { c: '' } }, { a: 2, b: {} }, false, ['b.c: string, absent']],
  ['a member of another type is noticed', { a: 1 }, { a: '1' }, false, ['a: number, string']],
  ['null where there was a list is noticed', { a: [] }, { a: null }, false, ['a: array, null']],
  ['a recorded null says nothing', { a: null }, { a: [1] }, false, []],
  ['each element is read', [{ a: 1 }], [{ a: 1 }, { b: 1 }], false, ['[].a: number, absent']],
  ['an element may lack what one of theirs lacks', [{ a: 1, b: 1 }, { a: 1 }], [{ a: 2 }], false, []],
  ['an answer by names is read entry by entry', { x: { a: 1 } }, { y: { a: 1 }, z: {} }, true, ['*.a: number, absent']],
  ['what users named is theirs', { Meta: { k: 'v' } }, { Meta: {} }, false, []],
  ['and may be absent where they put nothing', { Proxy: { Config: { a: 1 } } }, { Proxy: {} }, false, []],
  ['but is of the type that it was', { Meta: {} }, { Meta: '' }, false, ['Meta: object, string']],
  ['another kind of answer is noticed', true, {}, false, ['body: boolean, object']],
];

for (const [promise, recorded, ours, keyed, expected] of rows) {
  test(promise, () => {
    const found = lacking(recorded, ours, keyed).map((one) => `${one.place}: ${one.recorded}, ${one.ours}`);
    assert.deepEqual(found, expected);
  });
}
