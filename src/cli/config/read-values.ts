/**
 * The value of a parsed file by the tables of keys: keys in Consul's spelling, blocks unwrapped, durations as text, nothing absent.
 * All that is wrong is found, not only the first.
 */

import { formatDuration, parseDuration } from '../../base/index.ts';
import type { Path } from './find-lines.ts';
import { isObject, type JsonObject, type Keys, type Kind } from './kinds.ts';
import { findNearest } from './nearest.ts';
import { otherSpellings } from './service-keys.ts';
import type { Format } from './source.ts';

export interface Problem {
  /** Where it is in the file. */
  readonly path: Path;
  /** The same for people: `service[1].check.interval`. Empty for the file as a whole. */
  readonly shown: string;
  /** What was expected. Never the value: it may be a secret. */
  readonly message: string;
}

export interface ReadValues {
  readonly values: JsonObject;
  readonly problems: readonly Problem[];
}

/** Nobody mends more at once, and a file may hold a million. */
const mostProblems = 20;

export function readValues(value: JsonObject, keys: Keys, format: Format): ReadValues {
  const reader = new Reader(format);
  const values = reader.readObject(value, keys, { path: [], shown: '' });
  return { values, problems: reader.problems };
}

interface Place {
  readonly path: Path;
  readonly shown: string;
}

/** Stands for a value that was complained of. */
const unusable: unique symbol = Symbol('unusable');

/** Blocks that may be given several times, though their key is in the singular. */
const repeatable: ReadonlySet<string> = new Set(['service', 'check']);

class Reader {
  readonly problems: Problem[] = [];
  readonly #format: Format;

  constructor(format: Format) {
    this.#format = format;
  }

  readObject(value: JsonObject, keys: Keys, at: Place): JsonObject {
    const read: [string, unknown][] = [];
    for (const [written, inner] of Object.entries(value)) {
      const folded = written.toLowerCase();
      const key = otherSpellings[folded] ?? folded;
      const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
      const place = below(at, written, key);
      if (kind === undefined) this.#refuseKey(written, keys, below(at, written, written));
      else if (inner !== null) read.push([key, this.#readKey(key, inner, kind, place)]);
    }
    return Object.fromEntries(read.filter(([, inner]) => inner !== unusable));
  }

  #refuseKey(written: string, keys: Keys, place: Place): void {
    if (this.problems.length >= mostProblems) return;
    const meant = findNearest(written, Object.keys(keys));
    this.#refuse(place, `there is no such key${meant === undefined ? '' : `; did you mean ${meant}?`}`);
  }

  #readKey(key: string, value: unknown, kind: Kind, at: Place): unknown {
    if (at.path.length === 1 && repeatable.has(key) && Array.isArray(value) && value.length > 1) {
      return this.#read(value, { is: 'list', of: kind }, at);
    }
    return this.#read(value, kind, at);
  }

  #read(value: unknown, kind: Kind, at: Place): unknown {
    switch (kind.is) {
      case 'list':
        if (!Array.isArray(value)) return this.#refuseValue(at, 'a list', value);
        return this.#members(value.map((one, index) => this.#read(one, kind.of, member(at, index))));
      case 'object': {
        const [inner, place] = unwrap(value, at);
        return isObject(inner)
          ? this.readObject(inner, kind.keys, place)
          : this.#refuseValue(at, blockOf(value), value);
      }
      case 'map': {
        const [inner, place] = unwrap(value, at);
        return isObject(inner) ? this.#readMap(inner, kind.of, place) : this.#refuseValue(at, blockOf(value), value);
      }
      case 'anything':
        return this.#format === 'hcl' ? unwrapAll(value) : value;
      default: {
        const [inner] = unwrap(value, at);
        const read = plainReaders[kind.is](inner);
        return read === undefined ? this.#refuseValue(at, expectedOf[kind.is], value) : read;
      }
    }
  }

  #readMap(value: JsonObject, kind: Kind, at: Place): JsonObject {
    const read = Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([key, inner]) => [key, this.#read(inner, kind, below(at, key, key))] as const);
    return Object.fromEntries(read.filter(([, inner]) => inner !== unusable));
  }

  #members(read: readonly unknown[]): unknown[] {
    return read.filter((one) => one !== unusable);
  }

  #refuseValue(at: Place, expected: string, found: unknown): typeof unusable {
    return this.#refuse(at, `expected ${expected}, found ${sortOf(found)}`);
  }

  #refuse({ path, shown }: Place, message: string): typeof unusable {
    if (this.problems.length < mostProblems) this.problems.push({ path, shown, message });
    return unusable;
  }
}

const plainReaders: Readonly<
  Record<Exclude<Kind['is'], 'list' | 'object' | 'map' | 'anything'>, (value: unknown) => unknown>
> = {
  text: (value) => (typeof value === 'string' ? value : undefined),
  toggle: (value) => (typeof value === 'boolean' ? value : undefined),
  number: (value) => (typeof value === 'number' ? value : undefined),
  integer: (value) => (Number.isSafeInteger(value) ? value : undefined),
  port: (value) => (Number.isSafeInteger(value) && (value as number) <= 65_535 ? value : undefined),
  duration: readDuration,
};

const expectedOf: Readonly<Record<keyof typeof plainReaders, string>> = {
  text: 'text',
  toggle: 'true or false',
  number: 'a number',
  integer: 'a whole number',
  port: 'a port, up to 65535',
  duration: 'a duration such as "10s"',
};

/** A bare number counts nanoseconds, as in the API. One below a millisecond is somebody's seconds. */
function readDuration(value: unknown): string | undefined {
  if (typeof value === 'string') return parseDuration(value) === undefined ? undefined : value;
  if (!Number.isSafeInteger(value)) return undefined;
  const nanoseconds = value as number;
  return nanoseconds === 0 || nanoseconds >= 1e6 ? formatDuration(nanoseconds / 1e6) : undefined;
}

/** In either format a list of one stands for what is in it, where no list is expected. */
function unwrap(value: unknown, at: Place): [unknown, Place] {
  if (!Array.isArray(value) || value.length !== 1) return [value, at];
  return [value[0], { path: [...at.path, 0], shown: at.shown }];
}

/** Where nobody knows what is expected: every block in HCL is a list of one object, and hardly ever meant as a list. */
function unwrapAll(value: unknown): unknown {
  if (Array.isArray(value)) {
    const [first] = value;
    return value.length === 1 && isObject(first) ? unwrapAll(first) : value.map(unwrapAll);
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrapAll(inner)]));
}

/** The path in a parsed file of what is shown as `ports.http` or `services[1]`; undefined where there is no such value. */
export function pathOf(value: JsonObject, shown: string): Path | undefined {
  let [inner, path]: [unknown, (string | number)[]] = [value, []];
  for (const [, key, index] of shown.matchAll(/([^.[\]]+)|\[(\d+)\]/g)) {
    if (Array.isArray(inner) && inner.length === 1 && index === undefined) {
      path = [...path, 0];
      inner = inner[0];
    }
    const step = index !== undefined ? Number(index) : keyLike(inner, key ?? '');
    if (step === undefined) return undefined;
    path = [...path, step];
    inner = Object.entries(inner as object).find(([name]) => name === String(step))?.[1];
  }
  return inner === undefined || inner === null ? undefined : path;
}

function keyLike(value: unknown, key: string): string | undefined {
  return isObject(value) ? Object.keys(value).findLast((name) => name.toLowerCase() === key) : undefined;
}

function below({ path, shown }: Place, written: string, key: string): Place {
  return { path: [...path, written], shown: shown === '' ? key : `${shown}.${key}` };
}

function member({ path, shown }: Place, index: number): Place {
  return { path: [...path, index], shown: `${shown}[${index}]` };
}

function blockOf(value: unknown): string {
  return Array.isArray(value) ? 'one block' : 'a block';
}

function sortOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 1 ? 'a list' : `a list of ${value.length}`;
  if (value === null) return 'null';
  if (typeof value === 'object') return 'a block';
  return { string: 'text', boolean: 'true or false' }[typeof value as string] ?? 'a number';
}
