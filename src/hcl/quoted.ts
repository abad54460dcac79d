/** What stands in quotes. */

import type { Complain } from './number.ts';

interface Quoted {
  readonly value: string;
  /** The offset after the closing quote. */
  readonly end: number;
}

const notClosed = 'the text in quotes is not closed';
const interpolation = '\u0024{';
const noEscape = 'there is no such escape';
const escapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\', '"': '"' },
};
/** Code points: of bytes only those that are characters by themselves. */
const codes = /\\(?:([0-3][0-7]{2})|x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8}))/y;

/** HCL's: from `${` to its `}` all stands for itself, quotes and line ends too. */
export function readInterpolated(text: string, start: number, complain: Complain): Quoted {
  const pieces: string[] = [];
  let kept = start + 1;
  for (let at = kept; at < text.length && text[at] !== '\n'; ) {
    if (text[at] === '"') return { value: [...pieces, text.slice(kept, at)].join(''), end: at + 1 };
    if (text[at] === '\\') {
      const { value, end } = readEscape(text, at, complain);
      pieces.push(text.slice(kept, at), value);
      at = kept = end;
    } else at = text.startsWith(interpolation, at) ? endOfInterpolation(text, at, complain) : at + 1;
  }
  throw complain(start, notClosed);
}

/** The offset after the brace that closes what begins at `start`. */
function endOfInterpolation(text: string, start: number, complain: Complain): number {
  let depth = 1;
  let at = start + interpolation.length;
  for (; depth > 0 && at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') depth -= 1;
    else if (text[at] === '\\') at = readEscape(text, at, complain).end - 1;
  }
  return at;
}

function readEscape(text: string, at: number, complain: Complain): Quoted {
  const short = escapes[text[at + 1] ?? ''];
  if (short !== undefined) return { value: short, end: at + 2 };
  codes.lastIndex = at;
  const [whole = '', octal, byte, short16, long32] = codes.exec(text) ?? [];
  const unicode = short16 ?? long32;
  const code = octal !== undefined ? Number.parseInt(octal, 8) : Number.parseInt(byte ?? unicode ?? '', 16);
  const most = unicode === undefined ? 0x7f : 0x10ffff;
  if (!(code <= most) || (code >= 0xd800 && code <= 0xdfff)) throw complain(at, noEscape);
  return { value: String.fromCodePoint(code), end: at + whole.length };
}

export function readJsonText(text: string, start: number, complain: Complain): Quoted {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === '"') return { value: unquote(text.slice(start, at + 1), start, complain), end: at + 1 };
  }
  throw complain(start, notClosed);
}

function unquote(quoted: string, start: number, complain: Complain): string {
  try {
    return (JSON.parse(quoted) as string).toWellFormed();
  } catch {
    throw complain(start, 'the text in quotes has a character or an escape that JSON does not');
  }
}
