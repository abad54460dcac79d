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

interface Frame {
  readonly path: Path;
  readonly isList: boolean;
  /** Of a list: how many members there were. */
  members: number;
  /** Of an object in HCL: how many blocks and members there were under each key. */
  readonly blocks: Map<string, number>;
}

/** Every key and every member of a list, in the order of the text. The text has been parsed before: what is odd is passed over. */
function* keysIn(text: string, format: Format): Generator<Found> {
  const stack: Frame[] = [newFrame([], false, 0)];
  let keys: { readonly name: string; readonly offset: number }[] = [];
  let isValue = false;
  for (const { kind, word, offset } of tokensOf(text)) {
    const frame = stack.at(-1) ?? newFrame([], false, 0);
    if (kind === '}' || kind === ']') {
      if (stack.length > 1) stack.pop();
      [keys, isValue] = [[], false];
    } else if (kind === '=' || kind === ':') {
      isValue = true;
    } else if (kind === '{' || kind === '[') {
      const path = frame.isList ? [...frame.path, frame.members] : pathOf(frame, keys);
      if (frame.isList) yield { path, offset };
      frame.members += 1;
      if (stack.length === 1 && keys.length === 0) stack.push(newFrame([], false, 0));
      else if (kind === '{') stack.push(newFrame(format === 'json' || frame.isList ? path : blockIn(frame, path), false, 0));
      else stack.push(newFrame(path, true, frame.blocks.get(nameOf(path)) ?? 0));
      [keys, isValue] = [[], false];
    } else if (kind === 'word' && frame.isList) {
      yield { path: [...frame.path, frame.members], offset };
      frame.members += 1;
    } else if (kind === 'word' && isValue) {
      [keys, isValue] = [[], false];
    } else if (kind === 'word') {
      keys.push({ name: word, offset });
      yield { path: pathOf(frame, keys), offset };
    }
  }
}

/** Of `service "web"`: one level for each word, all but the last in a list of blocks. */
function pathOf(frame: Frame, keys: readonly { readonly name: string }[]): Path {
  return keys.reduce<Path>((path, { name }, at) => (at === 0 ? [...path, name] : [...path, 0, name]), frame.path);
}

function blockIn(frame: Frame, path: Path): Path {
  const count = frame.blocks.get(nameOf(path)) ?? 0;
  frame.blocks.set(nameOf(path), count + 1);
  return [...path, count];
}

function newFrame(path: Path, isList: boolean, members: number): Frame {
  return { path, isList, members, blocks: new Map() };
}

interface Token {
  readonly kind: '{' | '}' | '[' | ']' | '=' | ':' | 'word';
  /** Without quotes. */
  readonly word: string;
  readonly offset: number;
}

function* tokensOf(text: string): Generator<Token> {
  for (let at = 0; at < text.length; ) {
    const next = text[at] ?? '';
    if (/[\s,]/.test(next)) at += 1;
    else if (next === '#' || text.startsWith('//', at)) at = after(text, '\n', at);
    else if (text.startsWith('/*', at)) at = after(text, '*/', at + 2);
    else if (next === '"') {
      const end = endOfString(text, at);
      yield { kind: 'word', word: text.slice(at + 1, end - 1), offset: at };
      at = end;
    } else if (text.startsWith('<<', at)) {
      yield { kind: 'word', word: '', offset: at };
      at = endOfHeredoc(text, at);
    } else if (/[{}[\]=:]/.test(next)) {
      yield { kind: next as Token['kind'], word: '', offset: at };
      at += 1;
    } else {
      const start = at;
      while (at < text.length && !/[\s,"{}[\]=:#]/.test(text[at] ?? '')) at += 1;
      yield { kind: 'word', word: text.slice(start, at), offset: start };
    }
  }
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
