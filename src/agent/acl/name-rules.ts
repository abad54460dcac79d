/** Rules for things that have names: for one name exactly, and for all that begin alike. */

import { type Access, grants, prevailing } from './access.ts';

export interface NameRules {
  readonly exact: ReadonlyMap<string, Access>;
  readonly prefix: ReadonlyMap<string, Access>;
}

export const noNameRules: NameRules = { exact: new Map(), prefix: new Map() };

/** What the rules say of a name: the exact one, else that of the longest prefix. Case counts. */
export function accessTo({ exact, prefix }: NameRules, name: string): Access | undefined {
  const own = exact.get(name);
  if (own !== undefined) return own;
  let found: Access | undefined;
  let longest = -1;
  for (const [start, access] of prefix) {
    if (start.length <= longest || !name.startsWith(start)) continue;
    longest = start.length;
    found = access;
  }
  return found;
}

/** Whether there is anything at all that may be accessed; undefined when no rule decides. */
export function isAnyGranted({ exact, prefix }: NameRules, wanted: 'read' | 'write'): boolean | undefined {
  if ([...exact.values(), ...prefix.values()].some((access) => grants(access, wanted))) return true;
  return prefix.has('') ? false : undefined;
}

/** Whether everything may be accessed: by the rule for all, and without an exception; undefined when no rule decides. */
export function areAllGranted({ exact, prefix }: NameRules, wanted: 'read' | 'write'): boolean | undefined {
  if ([...exact.values(), ...prefix.values()].some((access) => !grants(access, wanted))) return false;
  return prefix.has('') ? true : undefined;
}

export function mergeNameRules(all: readonly NameRules[]): NameRules {
  return {
    exact: mergeMaps(
      all.map(({ exact }) => exact),
      prevailing,
    ),
    prefix: mergeMaps(
      all.map(({ prefix }) => prefix),
      prevailing,
    ),
  };
}

/** What several maps hold under one key becomes one by `merge`. */
export function mergeMaps<K, T>(maps: readonly ReadonlyMap<K, T>[], merge: (a: T, b: T) => T): Map<K, T> {
  const merged = new Map<K, T>();
  for (const map of maps) {
    for (const [key, value] of map) {
      const other = merged.get(key);
      merged.set(key, other === undefined ? value : merge(other, value));
    }
  }
  return merged;
}
