/** Configuration files, flags and texts, read into one configuration with the place of everything in it. */

import { InputError } from '../../base/index.ts';
import { agentKeys } from './agent-keys.ts';
import { findLines, type Path } from './find-lines.ts';
import { isObject, type JsonObject } from './kinds.ts';
import { mergeValues } from './merge-values.ts';
import { parseSource } from './parse-source.ts';
import { type Problem, pathOf, readValues } from './read-values.ts';
import { type ConfigSource, type Format, readSources, sourceOfText } from './source.ts';

export interface ConfigFlags {
  /** Files and folders, in the order of the command line. */
  readonly paths: readonly string[];
  /** For files whose names don't tell. */
  readonly format?: Format | undefined;
  /** What flags say, under the names of the keys. They win over files. */
  readonly values?: JsonObject;
  /** Texts in HCL, which win over flags. */
  readonly texts?: readonly string[];
}

export interface Config {
  /** By `agentKeys`, without services and checks. */
  readonly values: JsonObject;
  /** As files spell them, in the order of the files. */
  readonly services: readonly Definition[];
  readonly checks: readonly Definition[];
  /** Files in folders that are of neither format. */
  readonly skipped: readonly string[];
  /** `file:line: ports.http`, of the file that has the last word on this key; undefined where no file speaks of it. */
  readonly placeOf: (key: string) => string | undefined;
}

export interface Definition {
  readonly value: JsonObject;
  /** `file:line: services[1]` */
  readonly place: () => string;
}

/** Throws an InputError whose message has a line for each mistake in the first file that has any. */
export function loadConfig({ paths, format, values = {}, texts = [] }: ConfigFlags): Config {
  const skipped: string[] = [];
  const files = readSources(paths, format, (path) => skipped.push(path)).map(readFile);
  const fragments = texts.map((text) => readFile(sourceOfText('-hcl', text)));

  const layers = [...files.map((file) => file.values), values, ...fragments.map((file) => file.values)];
  const all = [...files, ...fragments];
  const placeOf = (key: string): string | undefined => {
    const last = all.findLast(({ parsed }) => pathOf(parsed, key) !== undefined);
    return last && placeIn(last, key);
  };
  return {
    values: layers.reduce((merged, layer) => mergeValues(merged, layer, agentKeys)),
    services: all.flatMap((file) => file.services),
    checks: all.flatMap((file) => file.checks),
    skipped,
    placeOf,
  };
}

interface ReadFile {
  readonly source: ConfigSource;
  readonly parsed: JsonObject;
  readonly values: JsonObject;
  readonly services: readonly Definition[];
  readonly checks: readonly Definition[];
}

function readFile(source: ConfigSource): ReadFile {
  const parsed = parseSource(source);
  const { values, problems } = readValues(parsed, agentKeys, source.format);
  if (problems.length > 0) throw new InputError('', problemLines(source, problems).join('\n'));
  const { services, service, checks, check, ...others } = values;
  const file = { source, parsed };
  return {
    ...file,
    values: others,
    services: [...definitionsAt(file, 'services', services), ...definitionsAt(file, 'service', service)],
    checks: [...definitionsAt(file, 'checks', checks), ...definitionsAt(file, 'check', check)],
  };
}

function definitionsAt(file: Pick<ReadFile, 'source' | 'parsed'>, key: string, value: unknown): Definition[] {
  if (isObject(value)) return [{ value, place: () => placeIn(file, key) }];
  if (!Array.isArray(value)) return [];
  return value.map((one, index) => ({ value: one as JsonObject, place: () => placeIn(file, `${key}[${index}]`) }));
}

function problemLines({ name, text, format }: ConfigSource, problems: readonly Problem[]): string[] {
  const lines = findLines(
    text,
    format,
    problems.map(({ path }) => path),
  );
  const lineOf = ({ path }: Problem): number => lines.get(path) ?? 0;
  return problems
    .toSorted((one, other) => lineOf(one) - lineOf(other))
    .map(({ path, shown, message }) => `${placeText(name, lines.get(path), shown)}: ${message}`);
}

function placeIn({ source, parsed }: Pick<ReadFile, 'source' | 'parsed'>, shown: string): string {
  const path: Path = pathOf(parsed, shown) ?? [];
  return placeText(source.name, findLines(source.text, source.format, [path]).get(path), shown);
}

function placeText(name: string, line: number | undefined, shown: string): string {
  return `${line === undefined ? name : `${name}:${line}`}: ${shown}`;
}
