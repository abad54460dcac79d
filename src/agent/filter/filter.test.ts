import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutated, outcomeOf } from '../../testing/fuzz.ts';
import { Budget } from './budget.ts';
import { compileFilter } from './filter.ts';
import { FilterError } from './filter-error.ts';
import type { FieldShape } from './shape.ts';

const shape: FieldShape = {
  members: {
    ID: 'text',
    Port: 'integer',
    Tags: { list: 'text' },
    Ports: { list: 'integer' },
    Meta: { map: 'text' },
    Addresses: { map: { members: { Address: 'text', Port: 'integer' } } },
    Connect: { members: { Native: 'flag' } },
    Upstreams: { list: { members: { Name: 'text', Tags: { list: 'text' } } } },
  },
};

const elements = [
  { ID: 'a', Port: 443, Tags: ['v1', 'primary'], Meta: { version: '1', 'a b': 'x', env: 'prod', none: '' } },
  { ID: 'b', Port: 80, Tags: [], Ports: [1, 2], Meta: { version: '2' }, Connect: { Native: true } },
  {
    ID: 'c',
    Meta: null,
    Addresses: { lan: { Address: '1.2.3.4', Port: 9 } },
    Upstreams: [{ Name: 'db', Tags: ['x'] }, { Name: 'cache' }],
  },
];

/** Held against a real agent of 1.8.7, but for the rows that are marked: what is missing ended its answer there. */
const kept: readonly (readonly [expression: string, ids: string])[] = [
  ['ID == a', 'a'],
  ['ID == "a"', 'a'],
  ['ID==`a`', 'a'],
  ['ID != a', 'bc'],
  ['Port == 443', 'a'],
  ['Port == "443"', 'a'],
  ['Port == "0x1bb"', 'a'],
  ['Port == "0443"', ''],
  ['Port == -1', ''],
  ['Port == 0', 'c'],
  ['Tags contains v1', 'a'],
  ['v1 in Tags', 'a'],
  ['"v1" not in Tags', 'bc'],
  ['Tags not contains v1', 'bc'],
  ['2 in Ports', 'b'],
  ['Tags is empty', 'bc'],
  ['Tags is not empty', 'a'],
  ['Meta.version == 1', 'a'],
  ['Meta.version == 1.0', ''],
  ['Meta.env != prod', 'bc'],
  ['Meta["a b"] == x', 'a'],
  ['Meta[ `a b` ] == x', 'a'],
  ['env in Meta', 'a'],
  ['Meta is empty', 'c'],
  ['"ro" in Meta.env', 'a'],
  ['"ro" not in Meta.env', 'bc'],
  ['Meta.env matches "^p"', 'a'], // 1.8.7 lets what has no such key match
  ['Meta.env not matches "^p"', 'bc'],
  ['Connect.Native == true', 'b'], // missing
  ['Connect.Native != true', 'ac'], // missing
  ['Addresses.lan.Port == 9', 'c'],
  ['Addresses.lan.Port != 9', 'ab'],
  ['lan in Addresses', 'c'],
  ['Upstreams is empty', 'ab'],
  ['Upstreams.Name == db', 'c'],
  ['Upstreams.Name != db', 'c'], // any of them will do
  ['x in Upstreams.Tags', 'c'],
  ['ID matches "[ab]"', 'ab'],
  ['ID not matches a', 'bc'],
  ['ID == a or ID == b and Port == 80', 'ab'],
  ['(ID == a or ID == b) and Port == 80', 'b'],
  ['not ID == a', 'bc'],
  ['not not ID == a', 'a'],
  ['not (ID == a)', 'bc'],
  [' ( ( ID == a ) )\n', 'a'],
  ['ID == "\\u0061"', 'a'],
  ['ID == "\\x61"', 'a'],
  ['ID == not', ''],
  ['ID == in or ID == `a`', 'a'],
  ['not in Tags', ''],
];

for (const [expression, ids] of kept) {
  test(`${JSON.stringify(expression)} keeps ${ids === '' ? 'nothing' : ids}`, () => {
    const keeps = compileFilter(expression, shape);
    const found = elements.filter(keeps).map(({ ID }) => ID);
    assert.equal(found.join(''), ids);
  });
}

/** In the words of a real agent of 1.8.7. */
const refused: readonly (readonly [expression: string, message: string])[] = [
  ['Nope == 1', 'Selector "Nope" is not valid'],
  ['Nope.Foo == 1', 'Selector "Nope" is not valid'],
  ['ID.Foo == 1', 'Selector "ID.Foo" is not valid'],
  ['Meta.a.b == 1', 'Selector "Meta.a.b" is not valid'],
  ['id == 1', 'Selector "id" is not valid'],
  ['toString == 1', 'Selector "toString" is not valid'],
  ['ID is empty', 'Invalid match operator "Is Empty" for selector "ID"'],
  ['443 in Port', 'Invalid match operator "In" for selector "Port"'],
  ['Port matches "4"', 'Invalid match operator "Matches" for selector "Port"'],
  ['Tags == v1', 'Invalid match operator "Equal" for selector "Tags"'],
  ['db in Upstreams', 'Invalid match operator "In" for selector "Upstreams"'],
  ['Connect == 1', 'Invalid match operator "Equal" for selector "Connect"'],
  ['Meta.env is not empty', 'Invalid match operator "Is Not Empty" for selector "Meta.env"'],
  ['Port == abc', 'Failed to coerce value "abc" for selector "Port": strconv.ParseInt: parsing "abc": invalid syntax'],
  ['Port == 4.5', 'Failed to coerce value "4.5" for selector "Port": strconv.ParseInt: parsing "4.5": invalid syntax'],
  [
    'Port == 99999999999999999999',
    'Failed to coerce value "99999999999999999999" for selector "Port": strconv.ParseInt: parsing "99999999999999999999": value out of range',
  ],
  [
    'Connect.Native == yes',
    'Failed to coerce value "yes" for selector "Connect.Native": strconv.ParseBool: parsing "yes": invalid syntax',
  ],
  ['ID matches "("', 'Failed to compile regular expression "(": error parsing regexp: missing closing ): `(`'],
  ['ID', '1:3 (2): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_]'],
  [
    'ID = web',
    '1:4 (3): no match found, expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \\t\\r\\n]',
  ],
  ['ID ==', '1:6 (5): no match found, expected: "-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]'],
  ['== web', '1:1 (0): no match found, expected: "(", "-", "0", "\\"", "`", "not", [ \\t\\r\\n], [1-9] or [a-zA-Z]'],
  ['ID == web-1', '1:10 (9): no match found, expected: ".", "[", [ \\t\\r\\n], [a-zA-Z0-9_] or EOF'],
  ['ID == web AND ID == b', '1:11 (10): no match found, expected: "and", "or", [ \\t\\r\\n] or EOF'],
  ['ID == web and', '1:14 (13): no match found, expected: [ \\t\\r\\n]'],
  ['(ID == a)and(ID == b)', '1:10 (9): no match found, expected: [ \\t\\r\\n] or EOF'],
  ['"v1" inTags', '1:8 (7): no match found, expected: [ \\t\\r\\n]'],
  ['(ID == web', '1:11 (10): rule "grouping": Unmatched parentheses'],
  ['ID == "web', '1:11 (10): rule "string": Unterminated string literal'],
  ['ID == "a\\qb"', '1:7 (6): rule "string": invalid syntax'],
  ['ID == 1a', '1:8 (7): rule "number": Invalid number literal'],
  ['Port in 443', '1:9 (8): rule "match": Invalid selector'],
  ['Meta[env] == 1', '1:6 (5): rule "index": Invalid index'],
  ['Meta["env" == 1', '1:12 (11): rule "index": Unclosed index expression'],
  ['ID == ü\nand', '1:7 (6): no match found, expected: "-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]'],
];

for (const [expression, message] of refused) {
  test(`${JSON.stringify(expression)} is refused`, () => {
    assert.throws(() => compileFilter(expression, shape), new FilterError(message));
  });
}

test('what is too long or too deep is refused, and not tried', () => {
  const deep = `${'('.repeat(200)}ID == a${')'.repeat(200)}`;
  const long = `ID == "${'a'.repeat(10_000)}"`;
  for (const expression of [deep, long, `${'not '.repeat(200)}ID == a`, '('.repeat(8_000)])
    assert.throws(() => compileFilter(expression, shape), FilterError);
});

test('filtering that takes too much work is given up', () => {
  const keeps = compileFilter('ID matches "(a|b|ab)*c"', shape, new Budget(10_000));
  assert.equal(keeps({ ID: 'abc' }), true);
  assert.throws(() => keeps({ ID: 'ab'.repeat(10_000) }), /takes too long/);
});

const words = [
  ...[
    'ID',
    'Port',
    'Tags',
    'Meta',
    'Meta.env',
    'Upstreams.Name',
    'Nope',
    'a',
    '1',
    '-4.5',
    '"a"',
    '`b`',
    '"',
    '`',
    '\\',
  ],
  ...[
    '==',
    '!=',
    'in',
    'not',
    'contains',
    'matches',
    'is',
    'empty',
    'and',
    'or',
    '(',
    ')',
    '[',
    ']',
    '.',
    ' ',
    '\n',
    'ü',
  ],
];
const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join(' ')),
  fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((parts) => parts.join('')),
);

test('any text is an expression or is refused, and what it makes can be asked', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      try {
        const keeps = compileFilter(text, shape);
        for (const element of elements) assert.equal(typeof keeps(element), 'boolean');
      } catch (error) {
        assert.ok(error instanceof FilterError, String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('a damaged expression is one or is refused', () => {
  fc.assert(
    fc.property(mutated(kept.map(([text]) => text)), (text) => {
      const keeps = outcomeOf(() => compileFilter(text, shape), FilterError);
      for (const element of elements) outcomeOf(() => keeps?.(element), FilterError);
    }),
    { numRuns: fuzzRuns(2_000) },
  );
});

for (const piece of ['(', 'not ', 'a == b and ', 'ID matches "((((', 'ID["a"]', '`', '.a', ' '])
  test(`an expression of 8 KiB that is all ${piece} is refused`, { timeout: 10_000 }, () => {
    assert.throws(() => compileFilter(piece.repeat(8_192 / piece.length), shape), FilterError);
  });

test('a value in quotes is compared as it is', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (value) => {
      fc.pre(!value.includes('\r') && !value.includes('`'));
      assert.equal(compileFilter(`ID == \`${value}\``, shape)({ ID: value }), true);
      const escaped = value.replace(/["\\\n]/g, (one) => (one === '\n' ? '\\n' : `\\${one}`));
      assert.equal(compileFilter(`ID == "${escaped}"`, shape)({ ID: value }), true);
    }),
  );
});
