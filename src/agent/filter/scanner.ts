import { FilterError } from './filter-error.ts';

/**
 * A text and how far it was read. It remembers what could have come at the furthest place that was reached, because a parser that goes
 * back to try something else would otherwise report the last attempt and not the best one.
 */
export class Scanner {
  readonly text: string;
  position = 0;
  #furthest = 0;
  readonly #expected = new Set<string>();

  constructor(text: string) {
    this.text = text;
  }

  /** Reads `word` if it comes next. */
  literal(word: string): boolean {
    if (!this.text.startsWith(word, this.position)) return this.#missed(JSON.stringify(word));
    this.position += word.length;
    return true;
  }

  /** Reads one character if it is one of `characters`, which errors call `name`. Empty when it is not. */
  one(characters: RegExp, name: string): string {
    const next = this.text.charAt(this.position);
    if (next === '' || !characters.test(next)) {
      this.#missed(name);
      return '';
    }
    this.position += 1;
    return next;
  }

  /** Reads as many as there are. */
  many(characters: RegExp, name: string): string {
    const start = this.position;
    while (this.one(characters, name) !== '');
    return this.text.slice(start, this.position);
  }

  /** Whether there was any. */
  space(): boolean {
    return this.many(/[ \t\r\n]/, '[ \\t\\r\\n]') !== '';
  }

  isAtEnd(): boolean {
    return this.position >= this.text.length || this.#missed(end);
  }

  /** The error of a text that fits nowhere. */
  noMatch(): FilterError {
    const words = [...this.#expected].filter((word) => word !== end).sort((a, b) => (a < b ? -1 : 1));
    if (this.#expected.has(end)) words.push(end);
    const last = words.pop();
    const expected = words.length === 0 ? last : `${words.join(', ')} or ${last}`;
    return this.error(`no match found, expected: ${expected}`, this.#furthest);
  }

  /** `line:column (byte): message`. */
  error(message: string, position: number = this.position): FilterError {
    const before = this.text.slice(0, position);
    const lines = before.split('\n');
    const column = [...(lines.at(-1) ?? '')].length + 1;
    return new FilterError(`${lines.length}:${column} (${Buffer.byteLength(before)}): ${message}`);
  }

  #missed(what: string): false {
    if (this.position > this.#furthest) {
      this.#furthest = this.position;
      this.#expected.clear();
    }
    if (this.position === this.#furthest) this.#expected.add(what);
    return false;
  }
}

const end = 'EOF';
