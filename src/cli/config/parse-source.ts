/** The text of a configuration file as a value. No message shows what is in the file: there may be tokens and keys in it. */

import { InputError } from '../../base/index.ts';
import { parseHcl } from '../../hcl/index.ts';
import { isObject, type JsonObject } from './kinds.ts';
import type { ConfigSource } from './source.ts';

/** Deeper than any configuration, and far from where a walk runs out of stack. */
const maxDepth = 64;

/** An empty file is an empty object. In HCL every block is a list of objects. Throws an InputError that names file and line. */
export function parseSource(source: ConfigSource): JsonObject {
  if (source.text === '') return {};
  const value = source.format === 'json' ? parseJson(source) : parseHcl(source.text, source.name);
  if (isTooDeep(value)) throw new InputError(source.name, `nested more than ${maxDepth} deep`);
  if (value === null) return {};
  if (!isObject(value)) throw new InputError(source.name, 'expected an object');
  return value;
}

function parseJson({ name, text }: ConfigSource): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = positionOf(error, text) ?? firstWrongCharacter(text);
    const line = text.slice(0, position).split('\n').length;
    throw new InputError(`${name}:${line}`, `this is no JSON: ${reasonOf(error)}`);
  }
}

function positionOf(error: unknown, text: string): number | undefined {
  const message = (error as Error).message;
  if (message.startsWith('Unexpected end')) return text.length;
  const position = /at position (\d+)/.exec(message)?.[1];
  return position === undefined ? undefined : Number(position);
}

/** Only sentences without a piece of the text. */
function reasonOf(error: unknown): string {
  const [reason] =
    /^(?:Expected|Unterminated|Unexpected (?:end|number|string)|Bad|No number)[^"]*?(?= in JSON| JSON|$)/.exec(
      (error as Error).message,
    ) ?? ['unexpected character'];
  return reason.replace(/^./, (first) => first.toLowerCase());
}

/** For the errors that name no position: the end of the longest start of `text` to which only something is missing. */
function firstWrongCharacter(text: string): number {
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isOnlyCut(text.slice(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isOnlyCut(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch (error) {
    return (positionOf(error, text) ?? 0) >= text.length;
  }
}

function isTooDeep(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxDepth) return true;
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return false;
}
