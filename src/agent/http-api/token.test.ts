import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tokenOf } from './token.ts';

test('a token comes by parameter, else by header, else as bearer', () => {
  const table: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
    ['', {}, ''],
    ['token=a', { 'x-consul-token': 'b', authorization: 'Bearer c' }, 'a'],
    ['token=', { 'x-consul-token': 'b', authorization: 'Bearer c' }, 'b'],
    ['', { authorization: 'Bearer c' }, 'c'],
    ['', { authorization: 'bearer  c ' }, 'c'],
    ['', { authorization: 'Basic c' }, ''],
    ['', { authorization: 'Bearer c d' }, ''],
  ];
  for (const [query, headers, token] of table) {
    assert.equal(tokenOf({ query: new URLSearchParams(query), headers }), token, `${query} ${JSON.stringify(headers)}`);
  }
});
