import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseExact } from './exact-json.ts';

test('integers beyond 2^53 keep their digits, and everything else is as JSON.parse has it', () => {
  assert.deepEqual(
    parseExact('{"Hash":12345678901234567890,"n":-9007199254740993,"f":1.5,"s":"12345678901234567890"}'),
    {
      Hash: 12345678901234567890n,
      n: -9007199254740993n,
      f: 1.5,
      s: '12345678901234567890',
    },
  );
  assert.deepEqual(parseExact('[1,null,{"a":1e30}]'), [1, null, { a: 1e30 }]);
  assert.throws(() => parseExact('{'), SyntaxError);
});
