/** Sets of characters that have names: `\d`, `[:alpha:]`, `\p{Greek}`. Source: RE2 syntax; the short ones know ASCII only. */

import type { CharacterTest } from './node.ts';

export function range(from: number, to: number): CharacterTest {
  return (character) => character >= from && character <= to;
}

export function not(test: CharacterTest): CharacterTest {
  return (character) => !test(character);
}

export function anyOf(tests: readonly CharacterTest[]): CharacterTest {
  return (character) => tests.some((test) => test(character));
}

/** The same for letters of either case. */
export function ignoringCase(test: CharacterTest): CharacterTest {
  return (character) => test(character) || casesOf(character).some(test);
}

/** The Kelvin sign is a `k` in this sense, and the long s an `s`. */
function casesOf(character: number): number[] {
  const text = String.fromCodePoint(character);
  const upper = text.toUpperCase();
  return [text.toLowerCase(), upper, upper.toLowerCase()]
    .filter((other) => other.length === String.fromCodePoint(other.codePointAt(0) ?? 0).length)
    .map((other) => other.codePointAt(0) ?? 0);
}

/** One of `d`, `s`, `w`; in upper case its opposite. */
export function shortClass(letter: string): CharacterTest | undefined {
  const test = short[letter.toLowerCase()];
  return test !== undefined && letter !== letter.toLowerCase() ? not(test) : test;
}

/** What stands in `[:name:]`, with a `^` for its opposite. */
export function posixClass(name: string): CharacterTest | undefined {
  const isNegated = name.startsWith('^');
  const body = posix[isNegated ? name.slice(1) : name];
  if (body === undefined) return undefined;
  const test = fromRegExp(new RegExp(`^[${body}]$`));
  return isNegated ? not(test) : test;
}

/** A Unicode category or script, such as `L`, `Lu` or `Greek`. */
export function unicodeClass(name: string): CharacterTest | undefined {
  if (name === 'Any') return () => true;
  if (!/^[A-Z][A-Za-z_]*$/.test(name)) return undefined;
  for (const property of name.length <= 2 ? [name] : [`Script=${name}`]) {
    try {
      return fromRegExp(new RegExp(`^\\p{${property}}$`, 'u'));
    } catch {
      // Not one that is known.
    }
  }
  return undefined;
}

/** `expression` looks at one character. */
function fromRegExp(expression: RegExp): CharacterTest {
  return (character) => expression.test(String.fromCodePoint(character));
}

const short: Readonly<Record<string, CharacterTest>> = {
  d: fromRegExp(/^[0-9]$/),
  s: fromRegExp(/^[\t\n\f\r ]$/),
  w: fromRegExp(/^[0-9A-Za-z_]$/),
};

const posix: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};
