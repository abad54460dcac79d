/** Checks of JSON from outside: each gives back a typed value, holding the named members only, or throws an `InputError` with the place. */

import { InputError } from '../base/index.ts';

export type Shape<T> = (value: unknown, place: string) => T;

export const string: Shape<string> = (value, place) =>
  typeof value === 'string' ? value : refuse(place, 'a string', value);

export const boolean: Shape<boolean> = (value, place) =>
  typeof value === 'boolean' ? value : refuse(place, 'true or false', value);

export const number: Shape<number> = (value, place) =>
  typeof value === 'number' ? value : refuse(place, 'a number', value);

/** Deeper than anything in Consul, and far from where a comparison runs out of stack. */
const deepest = 100;

/** Whatever it is, unless it is nested without measure. */
export const anything: Shape<unknown> = (value, place) => {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > deepest) throw new InputError(place, `expected no more than ${deepest} levels`);
    level = level.flatMap((one) => (typeof one === 'object' && one !== null ? Object.values(one) : []));
  }
  return value;
};

/** Go writes an empty list as null. */
export function list<T>(of: Shape<T>): Shape<readonly T[]> {
  return (value, place) => {
    if (value === null || value === undefined) return [];
    if (!Array.isArray(value)) return refuse(place, 'a list', value);
    return value.map((item, at) => of(item, `${place}[${at}]`));
  };
}

export function record<T>(of: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return (value, place) => {
    if (value === null || value === undefined) return {};
    return Object.fromEntries(entriesOf(value, place).map(([key, item]) => [key, of(item, member(place, key))]));
  };
}

/** A member that may be missing or null; both read as missing. */
export function optional<T>(of: Shape<T>): Shape<T | undefined> {
  return (value, place) => (value === null || value === undefined ? undefined : of(value, place));
}

/** Members are spelled as here, exactly. */
export function object<T extends object>(members: { readonly [K in keyof T]-?: Shape<T[K] | undefined> }): Shape<T> {
  const named = Object.entries(members) as [string, Shape<unknown>][];
  return (value, place) => {
    entriesOf(value, place);
    const result: Record<string, unknown> = {};
    for (const [name, of] of named) {
      const read = of((value as Record<string, unknown>)[name], member(place, name));
      if (read !== undefined) result[name] = read;
    }
    return result as T;
  };
}

function entriesOf(value: unknown, place: string): [string, unknown][] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse(place, 'an object', value);
  return Object.entries(value);
}

const member = (place: string, name: string): string => (place === '' ? name : `${place}.${name}`);

function refuse(place: string, expected: string, value: unknown): never {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;
  throw new InputError(place, `expected ${expected}, found ${found === 'undefined' ? 'nothing' : found}`);
}
