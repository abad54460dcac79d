import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { encodeJson, parseJson } from './go-json.ts';

const parse = (text: string): unknown => parseJson(Buffer.from(text));

test('what is wrong with a text is said in the words of Go', () => {
  const table: readonly (readonly [string, string])[] = [
    ['', 'EOF'],
    [' \n', 'EOF'],
    ['{"Name":', 'unexpected EOF'],
    ['{', 'unexpected EOF'],
    ['"abc', 'unexpected EOF'],
    ['-', 'unexpected EOF'],
    ['{oops', "invalid character 'o' looking for beginning of object key string"],
    ['oops', "invalid character 'o' looking for beginning of value"],
    ['\ufeff{}', "invalid character 'ï' looking for beginning of value"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 2}', "invalid character '2' after object key:value pair"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['[1 2]', "invalid character '2' after array element"],
    ["['a']", "invalid character '\\'' looking for beginning of value"],
    ['["a\nb"]', "invalid character '\\n' in string literal"],
    ['["\\x"]', "invalid character 'x' in string escape code"],
    ['["\\u12g4"]', "invalid character 'g' in \\u hexadecimal character escape"],
    ['[01]', "invalid character '1' after array element"],
    ['[-x]', "invalid character 'x' in numeric literal"],
    ['[1.]', "invalid character ']' after decimal point in numeric literal"],
    ['[1e+]', "invalid character ']' in exponent of numeric literal"],
    ['[trou]', "invalid character 'o' in literal true (expecting 'u')"],
    ['[1e999]', 'json: cannot unmarshal number 1e999 into Go value of type float64'],
    ['['.repeat(1_001) + ']'.repeat(1_001), 'exceeded max depth'],
    ['['.repeat(200_000), 'exceeded max depth'],
  ];
  for (const [text, message] of table) assert.throws(() => parse(text), new InputError('', message), text.slice(0, 20));
});

test('what follows the first value is not looked at', () => {
  assert.deepEqual(parse('{"a":"é"} trailing'), { a: 'é' });
  assert.deepEqual(parse('1 2'), 1);
});

test('a large integer comes out as it came in', () => {
  const text = '{"Nanos":31536000000000000,"Hash":18446744073709551615,"Small":1,"Float":1.5}';
  assert.equal(encodeJson(parse(text)), text);
  assert.equal(encodeJson({ a: 18446744073709551615n }), '{"a":18446744073709551615}');
});

test('characters that HTML knows, line separators and control characters go out escaped, as Go does', () => {
  assert.equal(encodeJson('web => db & <x>'), String.raw`"web =\u003e db \u0026 \u003cx\u003e"`);
  assert.equal(encodeJson('\u2028\u2029\b\f\\b'), String.raw`"\u2028\u2029\u0008\u000c\\b"`);
});

test('pretty output is indented by four spaces', () => {
  assert.equal(encodeJson({ a: [1], b: {} }, true), '{\n    "a": [\n        1\n    ],\n    "b": {}\n}');
});

test('any bytes are read or refused, never worse, and refused exactly when JSON.parse refuses their first value', () => {
  const pieces = fc.constantFrom(
    '{',
    '}',
    '[',
    ']',
    '"',
    ':',
    ',',
    '\\',
    'u00e9',
    '1',
    '-',
    '.5',
    'e',
    'true',
    ' ',
    'é',
  );
  const text = fc.oneof(
    fc.array(pieces).map((parts) => parts.join('')),
    fc.json(),
    fc.string({ unit: 'binary' }),
  );
  fc.assert(
    fc.property(text, (text) => {
      const valid = isValid(text);
      const ours = attempt(() => parse(text));
      if (valid) assert.equal('value' in ours && encodeJson(ours.value), again(text));
      else if ('value' in ours) assert.ok(hasTrailer(text), `accepted ${JSON.stringify(text)}`);
    }),
    { numRuns: 3_000 },
  );
  fc.assert(fc.property(fc.uint8Array(), (bytes) => void attempt(() => parseJson(bytes))));
});

test('what we write, we read back', () => {
  const isKept = (value: unknown): void => assert.equal(encodeJson(parse(encodeJson(value))), encodeJson(value));
  fc.assert(fc.property(fc.jsonValue(), isKept));
});

function attempt(act: () => unknown): { value: unknown } | { refused: string } {
  try {
    return { value: act() };
  } catch (error) {
    assert.ok(error instanceof InputError, String(error));
    return { refused: error.message };
  }
}

/** Large integers exactly, everything else as `JSON.parse` has it. */
function again(text: string): string {
  const exact = (value: unknown, source: string): unknown =>
    typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
  const parsed = (
    JSON.parse as (text: string, reviver: (key: string, value: unknown, at: { source: string }) => unknown) => unknown
  )(Buffer.from(text).toString(), (_key, value, { source }) => exact(value, source));
  return encodeJson(parsed);
}

function isValid(text: string): boolean {
  try {
    JSON.parse(Buffer.from(text).toString());
    return true;
  } catch {
    return false;
  }
}

/** Whether some proper beginning of `text` is JSON. */
function hasTrailer(text: string): boolean {
  return Array.from(text, (_, at) => text.slice(0, at)).some(isValid);
}
