import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { type AgentAddress, formatAgentAddress, parseAgentAddress } from './address.ts';

const http = { scheme: 'http', host: '127.0.0.1', port: 8500, prefix: '' } as const;
const accepted: readonly [string, AgentAddress][] = [
  ['127.0.0.1:8500', http],
  ['127.0.0.1', http],
  ['localhost:80', { ...http, host: 'localhost', port: 80 }],
  ['http://127.0.0.1:8500/', http],
  ['HTTP://127.0.0.1', http],
  ['[::1]:8501', { ...http, host: '::1', port: 8501 }],
  ['https://consul.example', { ...http, scheme: 'https', host: 'consul.example', port: 443 }],
  ['https://consul.example:8501/mesh/', { scheme: 'https', host: 'consul.example', port: 8501, prefix: '/mesh' }],
  ['h/a:9/', { ...http, host: 'h', prefix: '/a:9' }],
  ['unix:///run/consul/http.sock', { scheme: 'unix', path: '/run/consul/http.sock' }],
];

for (const [text, address] of accepted) {
  test(`${text} is an address`, () => {
    assert.deepEqual(parseAgentAddress(text), address);
    assert.deepEqual(parseAgentAddress(formatAgentAddress(address)), address);
  });
}

for (const text of [
  '',
  'ftp://a:1',
  'http://',
  'unix://',
  'host:port',
  'http://h:99999',
  'http://h/?dc=1',
  'h:80?',
  'h:8\n0',
  'h\\a:1',
  'unix:///a\0b',
  'a b:1',
]) {
  test(`${JSON.stringify(text)} is refused with the forms that are accepted`, () => {
    assert.throws(() => parseAgentAddress(text, '-http-addr'), /^InputError: -http-addr: expected http:\/\/host:port/);
  });
}

test('a password in the address is refused without being shown', () => {
  for (const text of ['http://me:hunter2@h:1', 'me:hunter2@h:1', 'http://me:hunter2@h:99999', 'http://me:a/hunter2@h?'])
    assert.throws(
      () => parseAgentAddress(text),
      (error: Error) => error instanceof InputError && !error.message.includes('hunter2'),
      text,
    );
});

test('any text is an address or an InputError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      try {
        parseAgentAddress(text);
      } catch (error) {
        assert.ok(error instanceof InputError);
      }
    }),
  );
});
