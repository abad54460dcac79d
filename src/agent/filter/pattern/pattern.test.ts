import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Budget } from '../budget.ts';
import { FilterError } from '../filter-error.ts';
import { compilePattern } from './pattern.ts';

/** Each with texts that it fits and texts that it does not. Held against Go's regular expressions. */
const table: readonly (readonly [pattern: string, fits: readonly string[], fitsNot: readonly string[]])[] = [
  ['', ['', 'a'], []],
  ['b+', ['abc'], ['', 'ac']],
  ['^(ab|a)b$', ['ab', 'abb'], ['b', 'abbb']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['a{,2}|b{x}', ['a{,2}', 'b{x}'], ['a', 'aa', 'b']],
  ['^.$', ['a', 'ü', '日', '\u{1F600}'], ['', 'ab', '\n']],
  ['(?s)^.$', ['\n'], ['']],
  ['^[^a-c\\d]$', ['d', '\n', 'ü'], ['a', '7', '']],
  ['[]a]', [']', 'a'], ['b']],
  ['^[a-]$', ['a', '-'], ['b']],
  ['^[[:alpha:][:^digit:]]$', ['a', '-'], ['1']],
  ['\\bword\\b', ['word', 'a word.'], ['words', 'sword']],
  ['^\\pL\\p{Greek}\\P{Lu}$', ['xΕa', 'üλ1'], ['xeA', 'xΕA']],
  ['(?i)^straSSe$', ['STRASSE', 'straſſe'], ['straße']],
  ['(?i:a)B', ['AB', 'aB'], ['ab']],
  ['(a(?i)b)c', ['abc', 'aBc'], ['aBC']],
  ['(?m)^bar$', ['foo\nbar', 'bar\nfoo'], ['foobar']],
  ['\\Afoo\\z', ['foo'], ['foo\n', 'xfoo']],
  ['^\\x41\\x{212a}\\101\\0$', ['A\u212aA\0'], ['AKA\0']],
  ['^\\Qa.b*\\E$', ['a.b*'], ['axb']],
  ['(?P<name>a)(?:b)', ['ab'], ['a']],
  ['(a*)*(b|)$', ['', 'aab', 'x'], []],
];

for (const [pattern, fits, fitsNot] of table) {
  test(`the pattern ${JSON.stringify(pattern)}`, () => {
    const isIn = searchFor(pattern);
    for (const text of fits) assert.equal(isIn(text), true, text);
    for (const text of fitsNot) assert.equal(isIn(text), false, text);
  });
}

const refused: readonly (readonly [pattern: string, message: string])[] = [
  ['(', 'missing closing ): `(`'],
  [')', 'unexpected ): `)`'],
  ['*a', 'missing argument to repetition operator: `*`'],
  ['a**', 'invalid nested repetition operator: `**`'],
  ['a{1001}', 'invalid repeat count: `{1001}`'],
  ['a{2,1}', 'invalid repeat count: `{2,1}`'],
  ['[a', 'missing closing ]: `[a`'],
  ['[z-a]', 'invalid character class range: `z-a`'],
  ['[[:foo:]]', 'invalid character class range: `[:foo:]`'],
  ['\\p{Foo}', 'invalid character class range: `\\p{Foo}`'],
  ['\\', 'trailing backslash at end of expression: ``'],
  ['\\1', 'invalid escape sequence: `\\1`'],
  ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
  ['(?<=a)', 'invalid or unsupported Perl syntax: `(?<`'],
  ['((a{100}){100}){100}', 'expression too large'],
  ['((((){1000}){1000}){1000}){1000}', 'expression too large'],
];

for (const [pattern, message] of refused) {
  test(`the pattern ${JSON.stringify(pattern)} is refused`, () => {
    assert.throws(() => compilePattern(pattern), new FilterError(`error parsing regexp: ${message}`));
  });
}

test('patterns that make others try every way take a time in proportion to the text', () => {
  const text = 'a'.repeat(4_096);
  for (const pattern of ['^(a|a)*b', '^(a*)*b', '^(a?){50}a{50}b', '^(a|aa)+$b']) {
    assert.equal(searchFor(pattern, new Budget(2_000_000))(text), false, pattern);
  }
});

test('any text is a pattern or is refused', () => {
  const pieces = [...'ab.*+?{}[]()|^$\\,-:=!<>Pidswpx0129ü\n', '(?', '[[:', '\\p{', '{1,', '\\Q', '\\x{'];
  const anyPattern = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 100 }),
    fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map((parts) => parts.join('')),
  );
  fc.assert(
    fc.property(anyPattern, fc.string({ unit: 'binary', maxLength: 50 }), (pattern, text) => {
      try {
        assert.equal(typeof searchFor(pattern)(text), 'boolean');
      } catch (error) {
        assert.ok(error instanceof FilterError, String(error));
      }
    }),
    { numRuns: 3_000 },
  );
});

test('where both languages agree on what a pattern is, they agree on what it fits', () => {
  const { pattern } = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\w', '\\b', '^', '$', ''),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => a + b),
      fc.tuple(tie('pattern'), tie('pattern')).map(([a, b]) => `(?:${a}|${b})`),
      fc
        .tuple(tie('pattern'), fc.constantFrom('*', '+', '?', '{2}', '{0,2}', '{1,}', '*?'))
        .map(([a, repeat]) => `(?:${a})${repeat}`),
    ),
  }));
  fc.assert(
    fc.property(
      pattern,
      fc.string({ unit: fc.constantFrom('a', 'b', '1', ' ', '\n'), maxLength: 8 }),
      (source, text) => {
        assert.equal(searchFor(source)(text), new RegExp(source, 'u').test(text));
      },
    ),
    { numRuns: 2_000 },
  );
});

function searchFor(pattern: string, budget: Budget = new Budget()): (text: string) => boolean {
  const search = compilePattern(pattern);
  return (text) => search(text, budget);
}
