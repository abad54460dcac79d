/**
 * Request bodies as Go's strict decoder takes them: keys in any case, no unknown keys, the first error in the order of the text, and its
 * words (`json: cannot unmarshal string into Go struct field .Port of type int`).
 *
 * ```ts
 * const weights: Shape<{ Passing?: number; Warning?: number }> = struct({ Passing: integer, Warning: integer });
 * const body = decodeBody(request.body, weights);
 * ```
 */

import { InputError, parseDuration } from '../base/index.ts';
import { cannotUnmarshal, parseJson, rawDigits } from './go-json.ts';
import { HttpError } from './route.ts';

/** Reads one value, or throws an InputError. `null` and absence are the same: `undefined`, for every shape but `anything`. */
export interface Shape<T> {
  /** Go's name of the type, for error texts. */
  readonly type: string;
  readonly read: (value: unknown, place: Place) => T | undefined;
}

interface Place {
  /** Go's name of the struct that the value is in. */
  readonly struct: string;
  /** Names of the fields that lead to the value. */
  readonly fields: readonly string[];
}

/**
 * What `body` holds, by `shape`. An empty object when it is `null`.
 * What can't be used is thrown as `refuse` words it: by itself a 400, `Request decode failed: …`.
 */
export function decodeBody<T extends object>(
  body: Uint8Array,
  shape: Shape<T>,
  refuse: (problem: string) => Error = (problem) => new HttpError(400, `Request decode failed: ${problem}`),
): T {
  try {
    return shape.read(parseJson(body), { struct: '', fields: [] }) ?? ({} as T);
  } catch (error) {
    throw error instanceof InputError ? refuse(error.message) : error;
  }
}

export const text: Shape<string> = {
  type: 'string',
  read: (value, place) => (typeof value === 'string' ? value.toWellFormed() : refuse(value, text, place)),
};

export const flag: Shape<boolean> = {
  type: 'bool',
  read: (value, place) => (typeof value === 'boolean' ? value : refuse(value, flag, place)),
};

/** Integers up to 2^53. Larger ones are refused, since a number would lose digits; where they belong, `anything` keeps them. */
export const integer: Shape<number> = {
  type: 'int',
  read: (value, place) =>
    typeof value === 'number' && Number.isSafeInteger(value) ? value : refuse(value, integer, place),
};

/** Milliseconds, from Go's text (`10s`) or a number of nanoseconds. An empty text is absent. */
export const duration: Shape<number> = {
  type: 'time.Duration',
  read: (value, place) => {
    const digits = rawDigits(value);
    if (digits !== undefined) return Number(digits) / 1e6;
    if (typeof value === 'number') return value / 1e6;
    if (typeof value !== 'string') return refuse(value, duration, place);
    if (value === '') return undefined;
    const parsed = parseDuration(value);
    if (parsed === undefined) throw new InputError('', badDuration(value));
    return parsed;
  },
};

/** Whatever it is, as it is: nothing in it is renamed, and large integers stay `JSON.rawJSON`. */
export const anything: Shape<unknown> = { type: 'interface {}', read: (value) => value };

/** An object whose keys and values are kept as they are. */
export const opaque: Shape<Readonly<Record<string, unknown>>> = {
  type: 'map[string]interface {}',
  read: (value, place) => (isObject(value) ? value : refuse(value, opaque, place)),
};

/** `null` among the members reads as the type's zero value, which is `zero`. */
export function list<T>(of: Shape<T>, zero?: T): Shape<readonly T[]> {
  const shape: Shape<readonly T[]> = {
    type: `[]${of.type}`,
    read: (value, place) => {
      if (!Array.isArray(value)) return refuse(value, shape, place);
      return value.flatMap((member) => presence(member === null ? undefined : of.read(member, place), zero));
    },
  };
  return shape;
}

/** An object whose keys are the client's own. */
export function map<T>(of: Shape<T>, zero?: T): Shape<Readonly<Record<string, T>>> {
  const shape: Shape<Readonly<Record<string, T>>> = {
    type: `map[string]${of.type}`,
    read: (value, place) => {
      if (!isObject(value)) return refuse(value, shape, place);
      const members = Object.entries(value).flatMap(([key, member]) =>
        presence(member === null ? undefined : of.read(member, place), zero).map((read) => [key, read] as const),
      );
      return Object.fromEntries(members);
    },
  };
  return shape;
}

export interface StructOptions<T> {
  /** Go's name of the type, shown in errors. */
  readonly type?: string;
  /** Other spellings, beside those that differ in case only: `{ enable_tag_override: 'EnableTagOverride' }`. */
  readonly aliases?: Readonly<Record<string, keyof T & string>>;
  /** Fields that some version of Consul knows and that mean nothing here: accepted, whatever they hold. */
  readonly ignored?: readonly string[];
  /** Drops unknown fields instead of refusing them. */
  readonly lenient?: boolean;
}

/** For a shape that contains itself. */
export type LazyShape<T> = () => Shape<T>;
type Field<T> = Shape<T> | LazyShape<T>;

/** An object with these fields and no others. Of a field that comes twice, in whatever spelling, the later one counts. */
export function struct<T extends object>(
  fields: { readonly [K in keyof T]-?: Field<Exclude<T[K], undefined>> },
  options: StructOptions<T> = {},
): Shape<T> {
  const named = Object.entries<Field<unknown>>(fields);
  const known = new Map(named.map(([name, of]) => [fold(name), { name, of }]));
  for (const [alias, name] of Object.entries(options.aliases ?? {})) {
    known.set(fold(alias), { name, of: fields[name as keyof T] });
  }
  const ignored = new Set(options.ignored?.map(fold));
  const shape: Shape<T> = {
    type: options.type ?? '',
    read: (value, place) => {
      if (!isObject(value)) return refuse(value, shape, place);
      const result: Record<string, unknown> = {};
      for (const [key, member] of Object.entries(value)) {
        const field = known.get(fold(key));
        if (field === undefined) {
          if (options.lenient || ignored.has(fold(key))) continue;
          throw new InputError('', `json: unknown field ${JSON.stringify(key)}`);
        }
        const read = readField(field, member, { struct: shape.type, fields: [...place.fields, field.name] });
        if (read !== undefined) result[field.name] = read;
      }
      return result as T;
    },
  };
  return shape;
}

function presence<T>(read: T | undefined, zero: T | undefined): T[] {
  const value = read ?? zero;
  return value === undefined ? [] : [value];
}

function readField({ of }: { readonly of: Field<unknown> }, value: unknown, place: Place): unknown {
  if (value === null) return undefined;
  return (typeof of === 'function' ? of() : of).read(value, place);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && rawDigits(value) === undefined;
}

function fold(key: string): string {
  return key.toLowerCase();
}

function refuse(value: unknown, shape: { readonly type: string }, { struct, fields }: Place): undefined {
  if (value === null || value === undefined) return undefined;
  const name = struct.slice(struct.lastIndexOf('.') + 1);
  const into = fields.length === 0 ? 'Go value' : `Go struct field ${name}.${fields.join('.')}`;
  throw cannotUnmarshal(kindOf(value, shape.type), `${into} of type ${shape.type}`);
}

function kindOf(value: unknown, wanted: string): string {
  if (Array.isArray(value)) return 'array';
  const digits = typeof value === 'number' ? String(value) : rawDigits(value);
  if (digits !== undefined) return wanted === 'int' ? `number ${digits}` : 'number';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

/** Source: Go, time.ParseDuration. */
function badDuration(value: string): string {
  const shown = JSON.stringify(value);
  const number = /^[+-]?(\d+(?:\.\d*)?|\.\d+)/.exec(value)?.[0];
  if (number === undefined) return `time: invalid duration ${shown}`;
  const unit = /^[^\d.]*/.exec(value.slice(number.length))?.[0] ?? '';
  return unit === ''
    ? `time: missing unit in duration ${shown}`
    : `time: unknown unit ${JSON.stringify(unit)} in duration ${shown}`;
}
