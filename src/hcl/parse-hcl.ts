import { InputError, messageOf } from '../base/index.ts';
import { loadParser } from './parser.ts';

/** Deeper than any file for Consul, and far from where the parser runs out of stack. */
const maxDepth = 64;

/**
 * Reads HCL 1, or JSON where the text begins with `{`. Every block is a list of maps, see `blocks.ts`.
 * Takes time that grows faster than the text: bound untrusted text before. Integers above 2³¹ − 1 are refused.
 * `fileName` names the place in errors; it is empty where the text is of no file.
 * Throws an InputError that names file, line and column where the parser knows them.
 */
export type ParseHcl = (text: string, fileName: string) => unknown;

/** For who reads HCL now and then: the parser is loaded by the first call. */
export async function parseHcl(text: string, fileName: string): Promise<unknown> {
  return (await loadHcl())(text, fileName);
}

/** For who must read HCL without waiting. */
export async function loadHcl(): Promise<ParseHcl> {
  const parse = await loadParser();
  return (text, fileName) => parseWith(parse, text, fileName);
}

function parseWith(parse: (text: string) => string, text: string, fileName: string): unknown {
  if (isTooDeep(text)) throw new InputError(fileName, `blocks and lists are nested more than ${maxDepth} deep`);
  const result = run(parse, text, fileName);
  const refusal = /^unable to \w+ JSON: (.*)$/s.exec(result)?.[1];
  if (refusal !== undefined) throw refusalOf(refusal, fileName);
  return JSON.parse(result);
}

/** The compiled parser was seen to run out of stack on a short text, once in many runs and not again on the same text: it gets a second try. */
function run(parse: (text: string) => string, text: string, fileName: string): string {
  for (let isLast = false; ; isLast = true) {
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw new InputError(fileName, messageOf(error));
      if (isLast) throw new InputError(fileName, 'nested too deeply');
    }
  }
}

function refusalOf(refusal: string, fileName: string): InputError {
  const [, position, expected] = /^At (\d+:\d+): (.*)$/s.exec(refusal) ?? [];
  if (fileName === '' || position === undefined || expected === undefined) return new InputError(fileName, refusal);
  return new InputError(`${fileName}:${position}`, expected);
}

/** A guess that takes brackets in strings for nesting. What it lets through is slow at worst. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    depth += bracket === '{' || bracket === '[' ? 1 : -1;
    if (depth > maxDepth) return true;
  }
  return false;
}
