/**
 * Regular expressions as Go has them, from text to `PatternNode`. Groups only group: a filter asks whether a pattern fits and not where.
 * What can't be matched in linear time (looking around, references back) is not in that language. Source: RE2 syntax.
 */

import { FilterError } from '../filter-error.ts';
import { anyOf, ignoringCase, not, posixClass, range, shortClass, unicodeClass } from './character-class.ts';
import { readEscapedCharacter } from './escape.ts';
import type { CharacterTest, PatternNode, Place } from './node.ts';

const deepestNesting = 200;
const mostRepeats = 1_000;

/** Throws a FilterError with what Go says about the pattern. */
export function parsePattern(pattern: string): PatternNode {
  return new PatternParser(pattern).parse();
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly lines: boolean;
  readonly dotAll: boolean;
}

class PatternParser {
  readonly #pattern: string;
  /** What is still to be read. */
  #rest: string;
  #flags: Flags = { ignoreCase: false, lines: false, dotAll: false };
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#rest = pattern;
  }

  parse(): PatternNode {
    const node = this.#choice();
    if (this.#rest !== '') throw problem('unexpected )', this.#pattern);
    return node;
  }

  #choice(): PatternNode {
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    return parts.length === 1 ? (parts[0] as PatternNode) : { kind: 'choice', parts };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#rest !== '' && !/^[|)]/.test(this.#rest)) {
      const operator = repeatOperator(this.#rest);
      if (operator !== undefined) throw problem('missing argument to repetition operator', operator.text);
      const node = this.#atom();
      if (node !== undefined) parts.push(this.#repeated(node));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(node: PatternNode): PatternNode {
    const operator = repeatOperator(this.#rest);
    if (operator === undefined) return node;
    const { text, least, most } = operator;
    this.#rest = this.#rest.slice(text.length);
    const second = repeatOperator(this.#rest);
    if (second !== undefined) throw problem('invalid nested repetition operator', text + second.text);
    if (least > mostRepeats || (most ?? 0) > mostRepeats || (most !== undefined && most < least)) {
      throw problem('invalid repeat count', text);
    }
    return { kind: 'repeat', part: node, least, most };
  }

  /** Undefined for what only changes the flags. */
  #atom(): PatternNode | undefined {
    if (this.#take('(')) return this.#group();
    if (this.#take('[')) return { kind: 'character', fits: this.#class() };
    if (this.#take('.')) return { kind: 'character', fits: this.#flags.dotAll ? () => true : (one) => one !== 0x0a };
    if (this.#take('^')) return place(this.#flags.lines ? 'line begin' : 'text begin');
    if (this.#take('$')) return place(this.#flags.lines ? 'line end' : 'text end');
    if (this.#rest.startsWith('\\')) return this.#escape();
    return this.#character(exactly(this.#next()));
  }

  #group(): PatternNode | undefined {
    const before = this.#flags;
    if (this.#rest.startsWith('?') && !this.#name()) {
      const [, set = '', unset = '', end] = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#rest) ?? [];
      if (end === undefined) throw this.#unknownGroup();
      this.#rest = this.#rest.slice(this.#rest.indexOf(end) + 1);
      this.#flags = changed(before, set, unset);
      if (end === ')') return undefined; // for the rest of the group around it
    }
    if (this.#depth >= deepestNesting) throw problem('expression nests too deeply', this.#pattern);
    this.#depth += 1;
    const node = this.#choice();
    this.#depth -= 1;
    if (!this.#take(')')) throw problem('missing closing )', this.#pattern);
    this.#flags = before;
    return node;
  }

  /** Whether the group has a name, which is read and forgotten. */
  #name(): boolean {
    const [start] = /^\?P?<\w+>/.exec(this.#rest) ?? [];
    this.#rest = this.#rest.slice(start?.length ?? 0);
    return start !== undefined;
  }

  #unknownGroup(): FilterError {
    const [shown = '?'] = /^\?[^)]?/.exec(this.#rest) ?? [];
    return problem('invalid or unsupported Perl syntax', `(${shown}`);
  }

  #escape(): PatternNode {
    const [all, letter = ''] = /^\\([AzbB])/.exec(this.#rest) ?? [];
    if (all !== undefined) {
      this.#rest = this.#rest.slice(all.length);
      return place(places[letter] as Place);
    }
    const [quote, inside = ''] = /^\\Q([\s\S]*?)(?:\\E|$)/.exec(this.#rest) ?? [];
    if (quote !== undefined) {
      this.#rest = this.#rest.slice(quote.length);
      return { kind: 'sequence', parts: [...inside].map((one) => this.#character(exactly(one.codePointAt(0) ?? 0))) };
    }
    return this.#character(this.#namedClass() ?? exactly(this.#escapedCharacter()));
  }

  /** After the `[`. */
  #class(): CharacterTest {
    const start = `[${this.#rest}`;
    const isNegated = this.#take('^');
    const tests: CharacterTest[] = [];
    do {
      if (this.#rest === '') throw problem('missing closing ]', start);
      tests.push(this.#posixClass() ?? this.#namedClass() ?? this.#range());
    } while (!this.#rest.startsWith(']'));
    this.#take(']');
    const test = anyOf(tests);
    const folded = this.#flags.ignoreCase ? ignoringCase(test) : test;
    return isNegated ? not(folded) : folded;
  }

  #posixClass(): CharacterTest | undefined {
    const [all, name = ''] = /^\[:(\^?\w*):\]/.exec(this.#rest) ?? [];
    if (all === undefined) return undefined;
    const test = posixClass(name);
    if (test === undefined) throw problem('invalid character class range', all);
    this.#rest = this.#rest.slice(all.length);
    return test;
  }

  /** `\d`, `\pL`, `\p{Greek}` and their opposites. */
  #namedClass(): CharacterTest | undefined {
    const [all, letter = '', short = '', name = short] =
      /^\\(?:([dswDSW])|[pP](?:([^{])|\{([^}]*)\}))/u.exec(this.#rest) ?? [];
    if (all === undefined) return undefined;
    const test = letter === '' ? unicodeClass(name.replace(/^\^/, '')) : shortClass(letter);
    if (test === undefined) throw problem('invalid character class range', all);
    this.#rest = this.#rest.slice(all.length);
    const isNegated = letter === '' && all.startsWith('\\P') !== name.startsWith('^');
    return isNegated ? not(test) : test;
  }

  #range(): CharacterTest {
    const before = this.#rest;
    const from = this.#classCharacter();
    if (!/^-[^\]]/u.test(this.#rest)) return exactly(from);
    this.#take('-');
    const to = this.#classCharacter();
    if (to < from) {
      throw problem('invalid character class range', before.slice(0, before.length - this.#rest.length));
    }
    return range(from, to);
  }

  #classCharacter(): number {
    return this.#rest.startsWith('\\') ? this.#escapedCharacter() : this.#next();
  }

  #escapedCharacter(): number {
    const found = readEscapedCharacter(this.#rest);
    if ('problem' in found) throw problem(found.problem, found.text);
    this.#rest = this.#rest.slice(found.length);
    return found.character;
  }

  #character(fits: CharacterTest): PatternNode {
    return { kind: 'character', fits: this.#flags.ignoreCase ? ignoringCase(fits) : fits };
  }

  #next(): number {
    const character = this.#rest.codePointAt(0) ?? 0;
    this.#rest = this.#rest.slice(String.fromCodePoint(character).length);
    return character;
  }

  #take(text: string): boolean {
    if (!this.#rest.startsWith(text)) return false;
    this.#rest = this.#rest.slice(text.length);
    return true;
  }
}

const places: Readonly<Record<string, Place>> = {
  A: 'text begin',
  z: 'text end',
  b: 'word edge',
  B: 'no word edge',
};

interface RepeatOperator {
  readonly text: string;
  readonly least: number;
  readonly most: number | undefined;
}

/** At the beginning of `rest`. One that is lazy fits the same texts. A brace that is no count is a brace. */
function repeatOperator(rest: string): RepeatOperator | undefined {
  const [text, sign, least = '', comma, most = ''] = /^(?:([*+?])|\{(\d{1,9})(,)?(\d{0,9})\})\??/.exec(rest) ?? [];
  if (text === undefined) return undefined;
  if (sign !== undefined) return { text, least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : undefined };
  if (comma === undefined) return most === '' ? { text, least: Number(least), most: Number(least) } : undefined;
  return { text, least: Number(least), most: most === '' ? undefined : Number(most) };
}

function changed(flags: Flags, set: string, unset: string): Flags {
  const value = (letter: string, before: boolean): boolean =>
    (before || set.includes(letter)) && !unset.includes(letter);
  return {
    ignoreCase: value('i', flags.ignoreCase),
    lines: value('m', flags.lines),
    dotAll: value('s', flags.dotAll),
  };
}

function exactly(character: number): CharacterTest {
  return (one) => one === character;
}

function place(kind: Place): PatternNode {
  return { kind: 'place', place: kind };
}

function problem(what: string, where: string): FilterError {
  return new FilterError(`error parsing regexp: ${what}: \`${where}\``);
}
