/** Habits of Go's JSON: what counts as empty, and how maps are ordered. */

import { compare } from '../registry/health.ts';

/** What Go leaves out under `omitempty`, and what a client means by nothing. */
export function isZero(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

/** The members that are not empty. */
export function nonZero<T extends object>(members: T): NonZero<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => !isZero(value))) as NonZero<T>;
}

export type NonZero<T> = { [K in keyof T]?: Exclude<T[K], undefined | null> };

/** A map with its keys in order, as Go prints it. */
export function sorted<T>(map: Readonly<Record<string, T>>): Record<string, T> {
  const keys = Object.keys(map).sort(compare);
  return Object.fromEntries(keys.map((key) => [key, map[key] as T]));
}

/** `true` for a parameter that is there without a value; undefined when it is no boolean. Source: Go, strconv.ParseBool. */
export function parseGoBool(text: string): boolean | undefined {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : undefined;
}
