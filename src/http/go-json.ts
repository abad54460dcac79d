/** JSON as Go writes and reads it, byte for byte where a client could notice, and without losing a digit of a large integer. */

import { InputError } from '../base/index.ts';
import { endOfFirstValue } from './json-syntax.ts';

/** Compact, or indented by four spaces. Bigints and `JSON.rawJSON` go out digit for digit. Throws a TypeError on a cycle. */
export function encodeJson(value: unknown, pretty = false): string {
  const text = stringify(value, pretty ? 4 : 0);
  const safe = /[<>&\u2028\u2029]/.test(text) ? text.replace(/[<>&\u2028\u2029]/g, escapeCharacter) : text;
  return /\\[bf]/.test(safe) ? safe.replace(/\\./g, (escaped) => control[escaped] ?? escaped) : safe;
}

/**
 * The first JSON value of `bytes`; like Go's decoder it does not look at what follows.
 * Integers beyond 2^53 come back as `JSON.rawJSON`, which every JSON.stringify prints exactly.
 * Throws an InputError with the words of Go's decoder (`unexpected EOF`).
 */
export function parseJson(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
  if (mayBeDeep(text)) endOfFirstValue(bytes);
  try {
    return parseExactly(text);
  } catch (error) {
    if (error instanceof InputError) throw error;
    const end = endOfFirstValue(bytes);
    return parseExactly(text.slice(0, Buffer.from(bytes.subarray(0, end)).toString().length));
  }
}

/** `JSON.parse` that keeps integers beyond 2^53 as `JSON.rawJSON`: for text that we wrote ourselves. */
export function parseExactly(text: string): unknown {
  if (!/\d{16}|[eE]\+?\d{3}/.test(text)) return JSON.parse(text);
  return (JSON.parse as ParseWithSource)(text, (_key, value, context) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value)) return value;
    const source = context?.source ?? '';
    if (/^-?\d+$/.test(source)) return rawJson(source);
    if (!Number.isFinite(value)) throw cannotUnmarshal(`number ${source}`, 'Go value of type float64');
    return value;
  });
}

export function cannotUnmarshal(found: string, into: string): InputError {
  return new InputError('', `json: cannot unmarshal ${found} into ${into}`);
}

/** The digits that `JSON.rawJSON` holds; undefined for any other value. */
export function rawDigits(value: unknown): string | undefined {
  return isRawJson(value) ? (value as { readonly rawJSON: string }).rawJSON : undefined;
}

function stringify(value: unknown, indent: number): string {
  if (value === undefined) return 'null';
  try {
    return JSON.stringify(value, undefined, indent);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    // Only a bigint, or a cycle, which fails again. A replacer for each answer would cost a multiple of the time.
    const exact = (_key: string, member: unknown): unknown =>
      typeof member === 'bigint' ? rawJson(String(member)) : member;
    return JSON.stringify(value, exact, indent);
  }
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

const control: Readonly<Record<string, string>> = { '\\b': '\\u0008', '\\f': '\\u000c' };

/** A cheap upper bound of the depth: nearly every body is below it and needs no second look. */
function mayBeDeep(text: string): boolean {
  let opened = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) opened += 1;
    if (opened > 1_000) return true;
  }
  return false;
}

/** What the compiler's library does not know yet of `JSON`. */
type ParseWithSource = (
  text: string,
  reviver: (key: string, value: unknown, context?: { readonly source?: string }) => unknown,
) => unknown;
const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};
