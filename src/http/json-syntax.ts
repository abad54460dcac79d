/**
 * Where JSON text goes wrong, in the words of Go's decoder: clients show these texts to their users.
 * Runs only over what `JSON.parse` refused. Source: Go, encoding/json, scanner.go.
 */

import { InputError } from '../base/index.ts';

/** Deeper ones are refused: what is stored must also be printed, compared and walked. */
const deepest = 1_000;

const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const colon = 0x3a;

/** The position after the first JSON value in `bytes`; what follows it is not looked at. Throws an InputError. */
export function endOfFirstValue(bytes: Uint8Array): number {
  return new Scanner(bytes).scan();
}

type Expected = 'value' | 'value or end' | 'key' | 'key or end' | 'colon' | 'separator';

class Scanner {
  readonly #bytes: Uint8Array;
  #at = 0;
  /** The opening bytes of what is open. */
  readonly #open: number[] = [];

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  scan(): number {
    this.#skipSpace();
    if (this.#at === this.#bytes.length) throw new InputError('', 'EOF');
    let expected: Expected = 'value';
    do {
      this.#skipSpace();
      expected = this.#step(expected, this.#peek());
    } while (this.#open.length > 0);
    return this.#at;
  }

  /** Takes what is expected and says what must follow. */
  #step(expected: Expected, byte: number): Expected {
    switch (expected) {
      case 'value or end':
        return byte === closeBracket ? this.#close() : this.#value(byte);
      case 'value':
        return this.#value(byte);
      case 'key or end':
        return byte === closeBrace ? this.#close() : this.#key(byte);
      case 'key':
        return this.#key(byte);
      case 'colon':
        if (byte !== colon) throw unexpected(byte, 'after object key');
        return this.#pass('value');
      case 'separator':
        return this.#separator(byte);
    }
  }

  #value(byte: number): Expected {
    if (byte === openBrace || byte === openBracket) {
      if (this.#open.length === deepest) throw new InputError('', 'exceeded max depth');
      this.#open.push(byte);
      return this.#pass(byte === openBrace ? 'key or end' : 'value or end');
    }
    if (byte === quote) this.#string();
    else if (byte === 0x2d || isDigit(byte)) this.#number();
    else this.#literal(byte);
    return 'separator';
  }

  #key(byte: number): Expected {
    if (byte !== quote) throw unexpected(byte, 'looking for beginning of object key string');
    this.#string();
    return 'colon';
  }

  #separator(byte: number): Expected {
    const inObject = this.#open.at(-1) === openBrace;
    if (byte === comma) return this.#pass(inObject ? 'key' : 'value');
    if (byte === (inObject ? closeBrace : closeBracket)) return this.#close();
    throw unexpected(byte, inObject ? 'after object key:value pair' : 'after array element');
  }

  #close(): Expected {
    this.#open.pop();
    return this.#pass('separator');
  }

  #pass(next: Expected): Expected {
    this.#at += 1;
    return next;
  }

  #string(): void {
    for (this.#at += 1; this.#peek() !== quote; this.#at += 1) {
      const byte = this.#peek();
      if (byte < 0x20) throw unexpected(byte, 'in string literal');
      if (byte === backslash) this.#escape();
    }
    this.#at += 1;
  }

  /** Ends on the last byte of the escape. */
  #escape(): void {
    this.#at += 1;
    const byte = this.#peek();
    if (!'"\\/bfnrtu'.includes(String.fromCharCode(byte))) throw unexpected(byte, 'in string escape code');
    if (byte !== 0x75) return;
    for (let digits = 0; digits < 4; digits++) {
      this.#at += 1;
      const digit = this.#peek();
      if (!/[0-9a-f]/i.test(String.fromCharCode(digit))) {
        throw unexpected(digit, 'in \\u hexadecimal character escape');
      }
    }
  }

  #number(): void {
    if (this.#peek() === 0x2d) {
      this.#at += 1;
      if (!isDigit(this.#peek())) throw unexpected(this.#peek(), 'in numeric literal');
    }
    if (this.#peek() === 0x30) this.#at += 1;
    else this.#digits('in numeric literal');
    if (this.#bytes[this.#at] === 0x2e) {
      this.#at += 1;
      this.#digits('after decimal point in numeric literal');
    }
    const letter = this.#bytes[this.#at];
    if (letter === 0x65 || letter === 0x45) {
      this.#at += 1;
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#at += 1;
      this.#digits('in exponent of numeric literal');
    }
  }

  #digits(place: string): void {
    if (!isDigit(this.#peek())) throw unexpected(this.#peek(), place);
    while (isDigit(this.#bytes[this.#at])) this.#at += 1;
  }

  #literal(first: number): void {
    const literal = ['true', 'false', 'null'].find((word) => word.charCodeAt(0) === first);
    if (literal === undefined) throw unexpected(first, 'looking for beginning of value');
    for (const letter of literal) {
      const byte = this.#peek();
      if (byte !== letter.charCodeAt(0)) throw unexpected(byte, `in literal ${literal} (expecting '${letter}')`);
      this.#at += 1;
    }
  }

  #skipSpace(): void {
    while (isSpace(this.#bytes[this.#at])) this.#at += 1;
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new InputError('', 'unexpected EOF');
    return byte;
  }
}

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 10 || byte === 13 || byte === 9;

function unexpected(byte: number, place: string): InputError {
  return new InputError('', `invalid character ${quoted(byte)} ${place}`);
}

/** One byte as Go quotes it, taken for a character of its own. */
function quoted(byte: number): string {
  if (byte === 0x27) return "'\\''";
  if (byte === backslash) return "'\\\\'";
  const short: Readonly<Record<number, string>> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r' };
  if (short[byte] !== undefined) return `'\\${short[byte]}'`;
  const hex = byte.toString(16).padStart(2, '0');
  if (byte < 0x20 || byte === 0x7f) return `'\\x${hex}'`;
  const isPrintable = byte < 0x7f || (byte > 0xa0 && byte !== 0xad);
  return isPrintable ? `'${String.fromCharCode(byte)}'` : `'\\u00${hex}'`;
}
