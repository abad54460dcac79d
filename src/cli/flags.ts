/** The flags of one command: declared as a table, read by Go's rules, typed by the table. */

import { Command as Commander, CommanderError, Option } from 'commander';
import { InputError, parseDuration } from '../base/index.ts';
import { parseGoBoolean, readGoArguments } from './go-arguments.ts';

export interface Flag<T> {
  readonly help: string;
  /** What help prints for the value. Absent for a switch. */
  readonly placeholder?: string;
  /** The heading in help under which it stands. */
  readonly group?: string;
  /** A list collects its values; of any other flag the last one counts. */
  readonly isList?: boolean;
  /** Of a list: another list that collects the values instead, in the order of the line. */
  readonly joins?: string;
  /** Throws InputError, without a place, when the text is no value. */
  readonly parse: (text: string) => T;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

export type Values<T extends FlagTable> = {
  readonly [Name in keyof T]: T[Name] extends ListFlag ? readonly string[] : ReturnType<T[Name]['parse']> | undefined;
};

export interface ListFlag extends Flag<string> {
  readonly isList: true;
}

export function text(help: string, placeholder = 'value'): Flag<string> {
  return { help, placeholder, parse: (value) => value };
}

/** May be given several times. */
export function list(help: string, placeholder = 'value', check: (value: string) => void = () => undefined): ListFlag {
  const parse = (value: string): string => {
    check(value);
    return value;
  };
  return { help, placeholder, isList: true, parse };
}

export function toggle(help: string): Flag<boolean> {
  return { help, parse: parseToggle };
}

export function integer(help: string, placeholder = 'number'): Flag<number> {
  return { help, placeholder, parse: parseInteger };
}

/** Milliseconds. */
export function duration(help: string, placeholder = 'duration'): Flag<number> {
  return { help, placeholder, parse: parseGoDuration };
}

export type ParsedFlags<T extends FlagTable> =
  | { readonly kind: 'help' }
  | { readonly kind: 'flags'; readonly values: Values<T>; readonly args: readonly string[] };

/** Throws InputError with the words that Go's programs use, and the flag that was probably meant. */
export function parseFlags<T extends FlagTable>(table: T, argv: readonly string[]): ParsedFlags<T> {
  const read = readGoArguments(argv, (name) => {
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    return flag && flag.placeholder !== undefined;
  });
  if (read.kind === 'help') return read;

  const words = read.flags.map(({ name, value }) => {
    const flag = Object.hasOwn(table, name) ? table[name] : undefined;
    if (flag === undefined || flag.placeholder !== undefined) return `--${flag?.joins ?? name}=${value ?? ''}`;
    return readToggle(name, value) ? `--${name}` : `--no-${name}`;
  });
  const commander = buildCommander('', table);
  try {
    commander.parse([...words, '--', ...read.args], { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? explain(error, read.flags.at(-1)?.name ?? '') : error;
  }
  return { kind: 'flags', values: valuesOf(commander, table), args: commander.args };
}

/** Usage, what the command is for, and its flags, grouped. */
export function formatHelp(usage: string, about: string, table: FlagTable): string {
  const help = buildCommander(usage, table).description(about).helpInformation();
  return help.replace(/[ ]+$/gm, '').trimEnd();
}

function buildCommander(usage: string, table: FlagTable): Commander {
  const commander = new Commander(usage)
    .usage(' ')
    .helpOption(false)
    .allowExcessArguments(true)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined, writeOut: () => undefined })
    .configureHelp({
      helpWidth: 100,
      sortOptions: true,
      optionTerm: (option) => option.flags.replace(/^--/, '-').replace(' ', '='),
    })
    .action(() => undefined);
  for (const [name, flag] of Object.entries(table)) addOption(commander, name, flag);
  return commander;
}

function addOption(commander: Commander, name: string, flag: Flag<unknown>): void {
  const option = new Option(
    flag.placeholder === undefined ? `--${name}` : `--${name} <${flag.placeholder}>`,
    flag.help,
  );
  if (flag.group !== undefined) option.helpGroup(flag.group);
  if (flag.placeholder !== undefined) {
    option.argParser((value: string, earlier: unknown) => {
      const parsed = parseNamed(name, flag, value);
      return flag.isList ? [...(Array.isArray(earlier) ? earlier : []), parsed] : parsed;
    });
  }
  commander.addOption(option);
  if (flag.placeholder === undefined) commander.addOption(new Option(`--no-${name}`).hideHelp());
}

function parseNamed(name: string, flag: Flag<unknown>, value: string): unknown {
  try {
    return flag.parse(value);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new InputError('', `invalid value ${JSON.stringify(value)} for flag -${name}: ${error.message}`);
  }
}

function readToggle(name: string, value: string | undefined): boolean {
  const parsed = value === undefined ? true : parseGoBoolean(value);
  if (parsed === undefined) throw new InputError('', `invalid boolean value ${JSON.stringify(value)} for -${name}`);
  return parsed;
}

function valuesOf<T extends FlagTable>(commander: Commander, table: T): Values<T> {
  const options: Record<string, unknown> = commander.opts();
  const values = Object.entries(table).map(([name, flag]) => {
    const option = new Option(`--${name}`);
    const stored = options[option.attributeName()];
    // For commander, `no-merge` is `merge` the other way round.
    const value = option.negate ? !stored : stored;
    // Commander starts a switch that has a negated form as true; only what stands on the line counts here.
    const given = commander.getOptionValueSource(option.attributeName()) === 'cli';
    return [name, given ? value : flag.isList ? [] : undefined];
  });
  return Object.fromEntries(values) as Values<T>;
}

/** Commander finds the flag that was meant; the rest of the sentence is Go's. */
function explain(error: CommanderError, name: string): InputError {
  if (error.code !== 'commander.unknownOption') return new InputError('', error.message.replace(/^error: /, ''));
  const meant = /Did you mean (?:one of )?(.*)\?/.exec(error.message)?.[1]?.replaceAll('--', '-');
  const hint = meant === undefined ? '' : `\nDid you mean ${meant}?`;
  return new InputError('', `flag provided but not defined: -${name}${hint}`);
}

function parseToggle(value: string): boolean {
  const parsed = parseGoBoolean(value);
  if (parsed === undefined) throw new InputError('', 'expected true or false');
  return parsed;
}

function parseInteger(value: string): number {
  const parsed = Number(value);
  if (!/^[+-]?\d+$/.test(value) || !Number.isSafeInteger(parsed)) throw new InputError('', 'expected a whole number');
  return parsed;
}

function parseGoDuration(value: string): number {
  const parsed = parseDuration(value);
  if (parsed === undefined) throw new InputError('', 'expected a duration such as 10s or 1m30s');
  return parsed;
}
