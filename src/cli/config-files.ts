/** Configuration files, found and read. What their keys mean is for others to say. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { InputError } from '../base/index.ts';
import { isObject, type JsonObject } from './service-definition.ts';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
  /** An empty file is an empty object. */
  readonly value: JsonObject;
}

/** Of a folder: every `.json` file in it, by name; not those in folders below it. Throws InputError that names file and line. */
export function readConfigPath(path: string): ConfigFile[] {
  if (!isFolder(path)) return [readConfigFile(path)];
  return readdirSync(path)
    .filter((name) => extname(name) === '.json')
    .sort()
    .map((name) => join(path, name))
    .filter((file) => !isFolder(file))
    .map(readConfigFile);
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function readConfigFile(path: string): ConfigFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
  if (text.trim() === '') return { path, text, value: {} };
  if (extname(path) === '.hcl') throw new InputError(path, 'files in HCL are not read yet; write it as JSON');
  const value = parseFile(path, text);
  if (!isObject(value)) throw new InputError(path, 'expected a JSON object');
  return { path, text, value };
}

function parseFile(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const position = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const line = text.slice(0, position).split('\n').length;
    throw new InputError(`${path}:${line}`, `this is no JSON: ${message.replace(/ in JSON at position.*/s, '')}`);
  }
}

function unreadable(path: string, error: unknown): InputError {
  const { code } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : String(code);
  return new InputError(path, `can't be read: ${why}`, { cause: error });
}

/** `path:line` of the first place where `key` stands; without the line where that can't be told. */
export function placeOfKey({ path, text }: ConfigFile, key: string): string {
  const at = text.indexOf(JSON.stringify(key));
  return at === -1 ? path : `${path}:${text.slice(0, at).split('\n').length}`;
}
