/** A text of HCL 1, or of JSON, as words. Remembers offsets only: lines are counted when there is something to complain of. */

import { readHeredoc } from './heredoc.ts';
import { type Complain, readNumber } from './number.ts';
import { readInterpolated, readJsonText } from './quoted.ts';

export type Token =
  /** A value is a text that can't be a key. */
  | { readonly kind: 'word' | 'text' | 'value'; readonly offset: number; readonly value: string }
  | { readonly kind: 'number'; readonly offset: number; readonly value: number }
  | { readonly kind: 'truth'; readonly offset: number; readonly value: boolean }
  | { readonly kind: '{' | '}' | '[' | ']' | '=' | ':' | ',' | 'end'; readonly offset: number };

const word = /[\p{L}_][\p{L}\p{Nd}_.-]*/uy;
const number = /-?0[xX][\da-fA-F]*|-?\d+(?:\.\d*)?(?:[eE][+-]?\d*)?|\.\d+(?:[eE][+-]?\d*)?/y;
const gap = /[ \t\r\n]+/y;

export class Scanner {
  readonly #text: string;
  readonly #isJson: boolean;
  readonly #complain: Complain;
  #at: number = 0;

  constructor(text: string, isJson: boolean, complain: Complain) {
    this.#text = text;
    this.#isJson = isJson;
    this.#complain = complain;
  }

  next(): Token {
    this.#skipGaps();
    const offset = this.#at;
    const first = this.#text[offset];
    switch (first) {
      case undefined:
        return { kind: 'end', offset };
      case '{':
      case '}':
      case '[':
      case ']':
      case ',':
        return this.#sign(first);
      case '=':
      case ':':
        if ((first === ':') !== this.#isJson) throw this.#complain(offset, 'unexpected character');
        return this.#sign(first);
      case '"':
        return this.#quoted();
      case '<':
        return this.#heredoc();
      default:
        return this.#bare();
    }
  }

  #sign(kind: '{' | '}' | '[' | ']' | '=' | ':' | ','): Token {
    this.#at += 1;
    return { kind, offset: this.#at - 1 };
  }

  #quoted(): Token {
    const offset = this.#at;
    const read = this.#isJson ? readJsonText : readInterpolated;
    const { value, end } = read(this.#text, offset, this.#complain);
    this.#at = end;
    return { kind: 'text', offset, value };
  }

  #heredoc(): Token {
    const offset = this.#at;
    if (this.#isJson) throw this.#complain(offset, 'unexpected character');
    const { value, end } = readHeredoc(this.#text, offset, this.#complain);
    this.#at = end;
    return { kind: 'value', offset, value };
  }

  #bare(): Token {
    const offset = this.#at;
    const digits = this.#take(number);
    if (digits !== '')
      return { kind: 'number', offset, value: readNumber(digits, this.#isJson, offset, this.#complain) };
    const name = this.#take(word);
    if (name === '') throw this.#complain(offset, 'unexpected character');
    if (name === 'true' || name === 'false') return { kind: 'truth', offset, value: name === 'true' };
    if (this.#isJson && name === 'null') return { kind: 'value', offset, value: '' };
    return { kind: 'word', offset, value: name };
  }

  #skipGaps(): void {
    for (let before = -1; before !== this.#at; ) {
      before = this.#at;
      this.#take(gap);
      if (!this.#isJson) this.#skipComment();
    }
  }

  #skipComment(): void {
    const text = this.#text;
    if (text[this.#at] === '#' || text.startsWith('//', this.#at)) {
      const end = text.indexOf('\n', this.#at);
      this.#at = end === -1 ? text.length : end;
    } else if (text.startsWith('/*', this.#at)) {
      const end = text.indexOf('*/', this.#at + 2);
      if (end === -1) throw this.#complain(this.#at, 'the comment is not closed');
      this.#at = end + 2;
    }
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const [found = ''] = pattern.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}
