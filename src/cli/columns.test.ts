import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatColumns, formatWideColumns } from './columns.ts';

test('columns are as wide as their widest cell and two spaces apart', () => {
  const rows = [
    ['Node', 'ID', 'DC'],
    ['a-long-name', '1', 'dc1'],
  ];
  assert.equal(formatColumns(rows), 'Node         ID  DC\na-long-name  1   dc1');
});

test('wide columns keep the space of empty last cells, but not of the last line', () => {
  assert.equal(
    formatWideColumns([
      ['a', ''],
      ['web', 'x,y'],
      ['b', ''],
    ]),
    'a        \nweb      x,y\nb',
  );
});

test('a cell is as wide as it has characters', () => {
  assert.equal(
    formatColumns([
      ['é😀', 'x'],
      ['abc', 'y'],
    ]),
    'é😀   x\nabc  y',
  );
});

test('no row has more lines than one, and every cell is there', () => {
  const cell = fc.stringMatching(/^[a-z]{1,8}$/);
  fc.assert(
    fc.property(fc.array(fc.tuple(cell, cell, cell), { minLength: 1 }), (rows) => {
      const lines = formatColumns(rows).split('\n');
      assert.deepEqual(
        lines.map((line) => line.split(/ +/)),
        rows,
      );
    }),
  );
});
