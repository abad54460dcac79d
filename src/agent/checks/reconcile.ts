import { isDeepStrictEqual } from 'node:util';
import type { CheckDefinition } from '../state/tables.ts';

/** IDs of checks to stop and to start. One whose definition changed is in both; stop first. */
export interface CheckChanges {
  readonly stop: readonly string[];
  readonly start: readonly string[];
}

export function reconcile(
  running: ReadonlyMap<string, CheckDefinition>,
  wanted: ReadonlyMap<string, CheckDefinition>,
): CheckChanges {
  const isKept = (id: string): boolean => isDeepStrictEqual(running.get(id), wanted.get(id));
  return {
    stop: [...running.keys()].filter((id) => !isKept(id)),
    start: [...wanted.keys()].filter((id) => !isKept(id)),
  };
}
