/** Go's rules for command lines, so that a line written for Consul works unchanged. Source: Go, package flag. */

import { InputError } from '../base/index.ts';

/** What the rules must know of a flag: whether it takes the next word. Undefined: there is no such flag. */
export type TakesValue = (name: string) => boolean | undefined;

export type GoArguments =
  | { readonly kind: 'help' }
  | { readonly kind: 'flags'; readonly flags: readonly GoFlag[]; readonly args: readonly string[] };

export interface GoFlag {
  readonly name: string;
  /** Absent for a switch without `=`, and for an unknown flag without one. */
  readonly value?: string;
}

/**
 * Flags have one dash or two, and `=value` or the next word as value, whatever it starts with; a switch takes a value only
 * by `=`. Reading stops at `--`, which is dropped, or at the first word that is no flag; `-` alone is none.
 * An unknown flag is handed on with its value, if it came by `=`, and ends the reading: nobody knows what the rest means.
 */
export function readGoArguments(argv: readonly string[], takesValue: TakesValue): GoArguments {
  const flags: GoFlag[] = [];
  const words = [...argv];
  for (;;) {
    const [word] = words;
    if (word === undefined || word === '-' || !word.startsWith('-')) return { kind: 'flags', flags, args: words };
    words.shift();
    if (word === '--') return { kind: 'flags', flags, args: words };

    const flag = splitFlag(word);
    const takes = takesValue(flag.name);
    if (takes === undefined)
      return isHelp(flag) ? { kind: 'help' } : { kind: 'flags', flags: [...flags, flag], args: [] };
    flags.push(takes && flag.value === undefined ? withNextWord(flag, words) : flag);
  }
}

function isHelp({ name }: GoFlag): boolean {
  return name === 'h' || name === 'help';
}

function withNextWord({ name }: GoFlag, words: string[]): GoFlag {
  const value = words.shift();
  if (value === undefined) throw new InputError('', `flag needs an argument: -${name}`);
  return { name, value };
}

function splitFlag(word: string): GoFlag {
  const text = word.replace(/^--?/, '');
  if (text === '' || text.startsWith('-') || text.startsWith('=')) throw new InputError('', `bad flag syntax: ${word}`);
  const equals = text.indexOf('=');
  return equals === -1 ? { name: text } : { name: text.slice(0, equals), value: text.slice(equals + 1) };
}

/** A switch's value as Go reads it; undefined when it is none. */
export function parseGoBoolean(text: string): boolean | undefined {
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  return undefined;
}
