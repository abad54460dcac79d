import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { fuzzRuns, mutated, outcomeOf, pollutionCheck } from '../testing/fuzz.ts';
import { labelledBlocks, parseHcl, unwrapBlocks } from './index.ts';

const read: readonly (readonly [text: string, value: unknown])[] = [
  ['', {}],
  ['# nothing\n/* at all */ // here', {}],
  ['a = 1\na = 2', { a: 2 }],
  ['a = [1]\na = [2]', { a: [1, 2] }],
  ['a { b = 1 }\na { b = 2 }', { a: [{ b: 1 }, { b: 2 }] }],
  ['a { b = 1 }\na = { c = 1 }', { a: [{ b: 1 }, { c: 1 }] }],
  ['a "x" { b = 1 }\na "y" {}', { a: [{ x: [{ b: 1 }] }, { y: [{}] }] }],
  ['a b "c" { x = 1 }', { a: [{ b: [{ c: [{ x: 1 }] }] }] }],
  ['a = [[1, [2]], { x = { y = 1 } },]', { a: [[1, [2]], { x: [{ y: 1 }] }] }],
  ['a = 1, b = 2 c = 3', { a: 1, b: 2, c: 3 }],
  ['a = [-5, 0x1F, 010, 1.5e3, .5, 1., 1E+5, -0]', { a: [-5, 31, 8, 1500, 0.5, 1, 100_000, 0] }],
  ['a = 3000000000', { a: 3_000_000_000 }],
  ['a = true\nb = false', { a: true, b: false }],
  ['a-b.c = 1\n_é = 2\n"d e" = 3', { 'a-b.c': 1, _é: 2, 'd e': 3 }],
  ['a = "\\x41\\101\\u00e9\\U0001F600\\n\\"\\\\"', { a: 'AAé😀\n"\\' }],
  [`a = "x \${"y"\n} \\n"`, { a: `x \${"y"\n} \n` }],
  ['a = <<E\nx\n y\nE\n', { a: 'x\n y\n' }],
  ['a = <<-E\n  x\n   y\n  E\n', { a: 'x\n y\n' }],
  ['a = <<E\n x\n  E\n', { a: ' x\n  ' }],
  ['a = <<-E\n  x\n y\n  E\n', { a: '  x\n y\n' }],
  ['a = 1\r\nb = <<E\r\nx\r\nE\r\n', { a: 1, b: 'x\n' }],
  ['{ "a": { "b": 1 }, "a": { "c": null }, }', { a: [{ b: 1 }, { c: '' }] }],
  ['{ "a": [0, -0.5, 0e1] }', { a: [0, -0.5, 0] }],
  ['{ "a": [[{ "b": {} }], "\\u00e9\\/$"] }', { a: [[{ b: [{}] }], 'é/$'] }],
  ['a = "\ud800"', { a: '\ufffd' }],
];

for (const [text, value] of read)
  test(`reads ${JSON.stringify(text)}`, () => {
    assert.deepEqual(parseHcl(text, ''), value);
  });

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ['a {\n  b = 1\n', /^web\.hcl:3:1: the block is not closed$/],
  ['\n\nfoo bar baz', /^web\.hcl:3:12: expected \{ after a label$/],
  ['a b = 1', /^web\.hcl:1:5: expected \{ after a label$/],
  ['a =', /^web\.hcl:1:4: expected a value$/],
  ['a = b', /^web\.hcl:1:5: expected a value$/],
  ['a = 9007199254740993', /^web\.hcl:1:5: the number is out of range$/],
  ['a = 1e400', /out of range$/],
  ['a = 08', /this is no number$/],
  ['a = 1e', /this is no number$/],
  ['a = 0x', /this is no number$/],
  ['a = "x', /^web\.hcl:1:5: the text in quotes is not closed$/],
  ['a = "x\ny"', /the text in quotes is not closed$/],
  ['a = "\\q"', /^web\.hcl:1:6: there is no such escape$/],
  ['a = "\\ud800"', /there is no such escape$/],
  ['a = "\\xff"', /there is no such escape$/],
  ['a = <<E\nx\nE', /the heredoc is not closed$/],
  ['a = << E\n', /expected a mark after <</],
  ['/* x', /the comment is not closed$/],
  ['a = [1 2]', /^web\.hcl:1:8: expected a comma or \]$/],
  ['a = [1', /the list is not closed$/],
  ['true = 1', /expected a key$/],
  ['}', /expected a key$/],
  ['[1]', /^web\.hcl:1:1: expected a key$/],
  ['a = 1\na {}', /^web\.hcl:2:1: this key was given before, with another kind of value$/],
  ['a {}\na "x" {}', /given before/],
  ['a = 1\na = "x"', /given before/],
  ['a = "\0"', /unexpected character$/],
  ['{ "a": 017 }', /^web\.hcl:1:8: numbers of JSON are decimal, without leading zeros$/],
  ['{ "a": [-01.5] }', /without leading zeros$/],
  ['{ "a": 0x1F }', /without leading zeros$/],
  ['{ "a": ["x", null] }', /^web\.hcl:1:14: null is no member$/],
  ['{ "a": 1 } b', /expected nothing more$/],
  ['{ "a" = 1 }', /unexpected character$/],
  ['{ a: 1 }', /expected a comma or \}$|expected a key$/],
  [`x = ${'['.repeat(200)}`, /nested more than 64 deep$/],
  [`${'a {'.repeat(100_000)}`, /nested more than 64 deep$/],
  [`{"a":${'{"a":'.repeat(100_000)}`, /nested more than 64 deep$/],
  [`${'a '.repeat(100_000)}{}`, /nested more than 64 deep$/],
];

for (const [text, message] of refused)
  test(`refuses ${JSON.stringify(text).slice(0, 40)} and names the place`, () => {
    assert.throws(() => parseHcl(text, 'web.hcl'), { name: 'InputError', message });
  });

test('a text of no file is refused with the position alone', () => {
  assert.throws(() => parseHcl('a {', ''), { message: 'At 1:4: the block is not closed' });
});

test('what is refused leaves nothing behind for the next text', () => {
  for (const bad of ['a {'.repeat(50_000), '['.repeat(50_000), `a = "\${${'{'.repeat(50_000)}`, 'a = <<E\n'])
    assert.throws(() => parseHcl(bad, ''), InputError);
  assert.deepEqual(parseHcl('acl = "read"', ''), { acl: 'read' });
});

const huge: readonly (readonly [name: string, text: string])[] = [
  ['one text', `a = "${'x'.repeat(1 << 20)}"`],
  ['one text of escapes', `a = "${'\\n'.repeat(1 << 19)}"`],
  ['one key', `${'k'.repeat(1 << 20)} = 1`],
  ['one number', `a = 0.${'1'.repeat(1 << 20)}`],
  ['one heredoc', `a = <<E\n${' E \n'.repeat(1 << 18)}E\n`],
  ['one comment', `/*${'*'.repeat(1 << 20)}*/`],
  ['many comments', '#\n'.repeat(1 << 19)],
  ['one list', `a = [${'1,'.repeat(1 << 19)}]`],
  ['many lists under one key', 'a=[1]\n'.repeat(1 << 17)],
  ['many blocks under one key', 'a{}\n'.repeat(1 << 18)],
  ['many keys', Array.from({ length: 1 << 17 }, (_, at) => `k${at}=1`).join('\n')],
  ['JSON', `{"a":"${'x'.repeat(1 << 19)}","b":[${'1,'.repeat(1 << 18)}]}`],
];

for (const [name, text] of huge)
  test(`a mebibyte that is ${name} is read`, { timeout: 20_000 }, () => {
    parseHcl(text, '');
  });

const valid = [...read.map(([text]) => text), ...['service "web" {\n  policy = "write"\n}\nacl = "read" # x\n']];

test('any text, and any damage to a good one, is read or refused with an InputError', { timeout: 60_000 }, () => {
  const texts = fc.oneof(fc.string({ unit: 'binary' }), mutated(valid));
  fc.assert(
    fc.property(texts, (text) => {
      const value = outcomeOf(() => parseHcl(text, 'any.hcl'), InputError);
      if (value !== undefined) assert.ok(JSON.stringify(value).length <= 64 * (text.length + 1));
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(2_000) },
  );
});

/** HCL that means a given value, written by someone else than the parser's author would. */
function written(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).replaceAll('\x7f', '\\u007f');
  return `{\n${bodyOf(value)}\n}`;
}
const bodyOf = (value: object): string =>
  Object.entries(value)
    .map(([key, inner]) => `${JSON.stringify(key)} = ${written(inner)}`)
    .join('\n');

test('a value that is written down is read back, whatever its keys and texts', () => {
  const text = fc.string({ unit: fc.constantFrom('a', '"', '\\', '\n', '{', '}', '#', 'é', '😀', '<') });
  const key = fc.oneof(text, fc.constantFrom('__proto__', 'constructor', 'toString'));
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.array(fc.oneof(text, fc.integer()), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }).map((map) => [map]),
    ),
  }));
  fc.assert(
    fc.property(fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true }), (map) => {
      assert.deepEqual(parseHcl(bodyOf(map), ''), map);
    }),
    { numRuns: fuzzRuns(300) },
  );
});

test('labelled blocks come in the order of the text, in HCL and in JSON', () => {
  const hcl = parseHcl('service "web" { policy = "write" }\nservice "api" {}\nservice "web" {}', '');
  assert.deepEqual(labelledBlocks(hcl['service']), [
    { label: 'web', body: { policy: 'write' } },
    { label: 'api', body: {} },
    { label: 'web', body: {} },
  ]);
  assert.deepEqual(labelledBlocks({ web: { policy: 'read' } }), [{ label: 'web', body: { policy: 'read' } }]);
  assert.equal(labelledBlocks('read'), undefined);
});

test('blocks given once become maps, except where a list is wanted', () => {
  const parsed = parseHcl('ports { http = 1 }\nservice { name = "web"\n connect { native = true } }', '');
  assert.deepEqual(
    unwrapBlocks(parsed, (path) => path === 'service'),
    { ports: { http: 1 }, service: [{ name: 'web', connect: { native: true } }] },
  );
});
