import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalHeaders, findHeaderError } from './response-headers.ts';

test('a header that would break an answer, or forge a part of it, is refused', () => {
  const table: readonly (readonly [name: string, value: string, message: RegExp])[] = [
    ['X-A', 'b\r\nSet-Cookie: c', /Invalid character in header content/],
    ['X-A', 'b\nc', /Invalid character in header content/],
    ['X-A', '\0', /Invalid character in header content/],
    ['X-A: b\r\nX', 'c', /valid HTTP token/],
    ['', 'c', /valid HTTP token/],
    ['content-length', '5', /Content-Length is set by the agent itself/],
    ['Transfer-encoding', 'chunked', /Transfer-Encoding is set by the agent itself/],
    ['X-CONSUL-INDEX', '5', /X-Consul-Index is set by the agent itself/],
  ];
  for (const [name, value, message] of table) assert.match(findHeaderError({ [name]: value }) ?? '', message, name);
  assert.equal(findHeaderError({ 'X-A': 'b', 'x-a': 'c' }), 'X-A is given twice');
  assert.equal(
    findHeaderError({ 'x-frame-options': 'DENY', 'Strict-Transport-Security': 'max-age=1; preload' }),
    undefined,
  );
});

test('names go out in canonical spelling', () => {
  assert.deepEqual(canonicalHeaders({ 'x-frame-options': 'DENY', 'X-XSS-protection': '0' }), {
    'X-Frame-Options': 'DENY',
    'X-Xss-Protection': '0',
  });
});
