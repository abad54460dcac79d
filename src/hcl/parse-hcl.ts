import { InputError } from '../base/index.ts';
import { Body } from './body.ts';
import { Scanner, type Token } from './scanner.ts';

/** Deeper than any file for Consul, and far from where a walk runs out of stack. */
const maxDepth = 64;

/**
 * Reads HCL 1, or JSON where the text begins with `{`. Every block is a list of maps, see `blocks.ts`.
 * Takes time and memory in proportion to the text, keeps nothing between calls. Integers above 2⁵³ − 1 are refused.
 * `fileName` names the place in errors; it is empty where the text is of no file.
 * Throws an InputError that names file, line and column, and shows nothing of the text: there may be secrets in it.
 */
export function parseHcl(text: string, fileName: string): Readonly<Record<string, unknown>> {
  const source = text.toWellFormed().replaceAll('\r\n', '\n');
  return new Parser(source, fileName).parse();
}

class Parser {
  readonly #text: string;
  readonly #fileName: string;
  readonly #isJson: boolean;
  readonly #scanner: Scanner;
  #token: Token;

  constructor(text: string, fileName: string) {
    this.#text = text;
    this.#fileName = fileName;
    this.#isJson = text.trimStart().startsWith('{');
    this.#scanner = new Scanner(text, this.#isJson, (offset, problem) => this.#complain(offset, problem));
    const nul = text.indexOf('\0');
    if (nul !== -1) throw this.#complain(nul, 'unexpected character');
    this.#token = this.#scanner.next();
  }

  parse(): Record<string, unknown> {
    if (this.#isJson) this.#advance();
    const body = this.#body(this.#isJson ? '}' : 'end', 0);
    if (this.#isJson) this.#expect('}', 'expected a comma or }');
    this.#expect('end', 'expected nothing more');
    return body;
  }

  /** Up to `end`, which is left for the caller. */
  #body(end: '}' | 'end', depth: number): Record<string, unknown> {
    const body = new Body((offset, problem) => this.#complain(offset, problem));
    while (this.#token.kind !== end) {
      this.#item(body, depth);
      if (this.#token.kind === ',') this.#advance();
      else if (this.#isJson) break;
    }
    return body.toObject();
  }

  #item(body: Body, depth: number): void {
    const { offset } = this.#token;
    const keys = this.#keys();
    const inner = depth + keys.length;
    if (inner > maxDepth) throw this.#tooDeep(offset);
    const sign = this.#isJson ? ':' : '=';
    if (this.#isJson || this.#token.kind !== '{') {
      if (keys.length > 1) throw this.#complain(this.#token.offset, 'expected { after a label');
      this.#expect(sign, this.#isJson ? 'expected : after the key' : 'expected = or { after the key');
    }
    if (this.#token.kind === '{') body.addBlock(keys, this.#map(inner), offset);
    else if (this.#token.kind === '[') body.addList(keys, this.#list(inner), offset);
    else body.addScalar(keys, this.#scalar(), offset);
  }

  #keys(): string[] {
    const keys: string[] = [];
    while (this.#token.kind === 'text' || (this.#token.kind === 'word' && !this.#isJson)) {
      keys.push(this.#token.value);
      this.#advance();
      if (this.#isJson || keys.length > maxDepth) break;
    }
    if (keys.length === 0) throw this.#complain(this.#token.offset, this.#isEnd ? notClosed : 'expected a key');
    return keys;
  }

  #map(depth: number): Record<string, unknown> {
    const { offset } = this.#token;
    if (depth >= maxDepth) throw this.#tooDeep(offset);
    this.#advance();
    const body = this.#body('}', depth);
    this.#expect('}', this.#isEnd ? notClosed : 'expected a comma or }');
    return body;
  }

  /** A comma may follow the last member. */
  #list(depth: number): unknown[] {
    if (depth >= maxDepth) throw this.#tooDeep(this.#token.offset);
    this.#advance();
    const members: unknown[] = [];
    while (this.#token.kind !== ']') {
      if (this.#token.kind !== ',') members.push(this.#member(depth + 1));
      if (this.#token.kind === ',') this.#advance();
      else break;
    }
    this.#expect(']', this.#isEnd ? 'the list is not closed' : 'expected a comma or ]');
    return members;
  }

  #member(depth: number): unknown {
    if (this.#token.kind === '{') return this.#map(depth);
    if (this.#isJson && this.#token.kind === 'value') throw this.#complain(this.#token.offset, 'null is no member');
    return this.#token.kind === '[' ? this.#list(depth) : this.#scalar();
  }

  #scalar(): string | number | boolean {
    const token = this.#token;
    switch (token.kind) {
      case 'text':
      case 'value':
      case 'number':
      case 'truth':
        this.#advance();
        return token.value;
      default:
        throw this.#complain(token.offset, 'expected a value');
    }
  }

  get #isEnd(): boolean {
    return this.#token.kind === 'end';
  }

  #advance(): void {
    this.#token = this.#scanner.next();
  }

  #expect(kind: Token['kind'], problem: string): void {
    if (this.#token.kind !== kind) throw this.#complain(this.#token.offset, problem);
    if (kind !== 'end') this.#advance();
  }

  #tooDeep(offset: number): InputError {
    return this.#complain(offset, `blocks and lists are nested more than ${maxDepth} deep`);
  }

  #complain(offset: number, problem: string): InputError {
    const before = this.#text.slice(0, offset).split('\n');
    const position = `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
    if (this.#fileName === '') return new InputError('', `At ${position}: ${problem}`); // as Consul words it
    return new InputError(`${this.#fileName}:${position}`, problem);
  }
}

const notClosed = 'the block is not closed';
