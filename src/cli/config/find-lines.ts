/** Where a key stands in a text of HCL or JSON. The parsers don't say; this looks again, and only when there is something to complain of. */

import type { Format } from './source.ts';

/** Where a value is, from the top: keys as written, and positions in lists. In HCL every block has its position too. */
export type Path = readonly (string | number)[];

/** The line, from 1, of each of `paths` that is found. */
export function findLines(text: string, format: Format, paths: readonly Path[]): ReadonlyMap<Path, number> {
  const wanted = new Map(paths.map((path) => [nameOf(path), path]));
  const lines = new Map<Path, number>();
  let [line, counted] = [1, 0];
  for (const { path, offset } of keysIn(text, format)) {
    const found = wanted.get(nameOf(path));
    if (found === undefined || lines.has(found)) continue;
    for (; counted < offset; counted += 1) if (text.charCodeAt(counted) === 0x0a) line += 1;
    lines.set(found, line);
    if (lines.size === paths.length) break;
  }
  return lines;
}

function nameOf(path: Path): string {
  return path.join('\0');
}

interface Found {
  readonly path: Path;
  readonly offset: number;
}

/** An object or a list that is open. */
interface Frame {
  readonly path: Path;
  readonly isList: boolean;
  /** Of a list: how many members there were. */
  members: number;
  /** Of an object in HCL: how many blocks there were under each key. */
  readonly blocks: Map<string, number>;
}

/** Every key and every member of a list, in the order of the text. The text has been parsed before: what is odd is passed over. */
function* keysIn(text: string, format: Format): Generator<Found> {
  const walk = new Walk(format);
  for (const token of tokensOf(text)) {
    const path = walk.step(token);
    if (path !== undefined) yield { path, offset: token.offset };
  }
}

class Walk {
  readonly #format: Format;
  readonly #open: Frame[] = [openFrame([], false)];
  /** The words before a value or a block: `service "web"`. */
  #words: string[] = [];
  #isValue: boolean = false;

  constructor(format: Format) {
    this.#format = format;
  }

  /** The path of what begins at this token, if anything does. */
  step({ kind, word }: Token): Path | undefined {
    const frame = this.#open.at(-1) ?? openFrame([], false);
    switch (kind) {
      case '=':
      case ':':
        this.#isValue = true;
        return undefined;
      case '}':
      case ']':
        if (this.#open.length > 1) this.#open.pop();
        return this.#next();
      case '{':
      case '[':
        return this.#enter(frame, kind === '[');
      default:
        return this.#word(frame, word);
    }
  }

  #word(frame: Frame, word: string): Path | undefined {
    if (frame.isList) return memberOf(frame);
    if (this.#isValue) return this.#next();
    this.#words.push(word);
    return pathOf(frame, this.#words);
  }

  #enter(frame: Frame, isList: boolean): Path | undefined {
    const isWhole = this.#open.length === 1 && this.#words.length === 0; // the braces around a text of JSON
    const path = isWhole ? [] : frame.isList ? memberOf(frame) : pathOf(frame, this.#words);
    const isBlock = this.#format === 'hcl' && !isList && !isWhole && !frame.isList;
    const inner = isBlock ? blockOf(frame, path) : path;
    this.#open.push(openFrame(inner, isList));
    this.#next();
    return frame.isList || isBlock ? inner : undefined;
  }

  #next(): undefined {
    this.#words = [];
    this.#isValue = false;
  }
}

/** Of `service "web"`: one level for each word, all but the last in a list of blocks. */
function pathOf(frame: Frame, words: readonly string[]): Path {
  return [...frame.path, ...words.flatMap((word, at) => (at === 0 ? [word] : [0, word]))];
}

function memberOf(frame: Frame): Path {
  frame.members += 1;
  return [...frame.path, frame.members - 1];
}

function blockOf(frame: Frame, path: Path): Path {
  const name = nameOf(path);
  const count = frame.blocks.get(name) ?? 0;
  frame.blocks.set(name, count + 1);
  return [...path, count];
}

function openFrame(path: Path, isList: boolean): Frame {
  return { path, isList, members: 0, blocks: new Map() };
}

interface Token {
  readonly kind: '{' | '}' | '[' | ']' | '=' | ':' | 'word';
  /** Without quotes. */
  readonly word: string;
  readonly offset: number;
}

function* tokensOf(text: string): Generator<Token> {
  for (let at = 0; at < text.length; ) {
    const past = endOfGap(text, at);
    if (past > at) {
      at = past;
      continue;
    }
    const token = tokenAt(text, at);
    yield token;
    at = endOfToken(text, token);
  }
}

/** The position after a space, a comma or a comment that begins here; the same where none does. */
function endOfGap(text: string, at: number): number {
  const next = text[at] ?? '';
  if (/[\s,]/.test(next)) return at + 1;
  if (next === '#' || text.startsWith('//', at)) return after(text, '\n', at);
  return text.startsWith('/*', at) ? after(text, '*/', at + 2) : at;
}

function tokenAt(text: string, offset: number): Token {
  const first = text[offset] ?? '';
  if (/[{}[\]=:]/.test(first)) return { kind: first as Token['kind'], word: '', offset };
  if (first === '"') return { kind: 'word', word: text.slice(offset + 1, endOfString(text, offset) - 1), offset };
  return { kind: 'word', word: text.slice(offset, endOfWord(text, offset)), offset };
}

function endOfToken(text: string, { kind, word, offset }: Token): number {
  if (kind !== 'word') return offset + 1;
  if (text[offset] === '"') return offset + word.length + 2;
  return word.startsWith('<<') ? endOfHeredoc(text, offset) : offset + word.length;
}

function endOfWord(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && !/[\s,"{}[\]=:#]/.test(text[end] ?? '')) end += 1;
  return end;
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length;
}

/** The position after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

/** The mark stands alone in the line that ends it. */
function endOfHeredoc(text: string, start: number): number {
  const firstLine = after(text, '\n', start);
  const mark = text.slice(start, firstLine).replace(/^<<-?/, '').trim();
  for (let at = firstLine; at < text.length; ) {
    const end = after(text, '\n', at);
    if (text.slice(at, end).trim() === mark) return end;
    at = end;
  }
  return text.length;
}
