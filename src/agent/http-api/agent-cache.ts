/**
 * What an agent with a cache would say: whether an answer was in it. Ours answers from its own state, so nothing is kept here but which
 * reads there have been: the first of its kind is a MISS, each later one a HIT, and one that had to be waited for was not in the cache.
 */

import { LRUCache } from 'lru-cache';
import type { HttpRequest } from '../../http/index.ts';
import type { Store } from '../state/store.ts';
import type { ApiContext } from './context.ts';

const readBefore = new WeakMap<Store, LRUCache<string, true>>();
const mostRemembered = 10_000;
/** Longer ones are not remembered: each of their reads counts as the first. */
const longestKey = 1_000;

/** Whether an equal read was asked for before. Notes that it now was. */
export function wasReadBefore(context: ApiContext, request: HttpRequest): boolean {
  const known = readBefore.get(context.store) ?? new LRUCache<string, true>({ max: mostRemembered });
  readBefore.set(context.store, known);
  const key = cacheKeyOf(context, request);
  if (known.get(key)) return true;
  if (key.length <= longestKey) known.set(key, true);
  return false;
}

/** `age` in seconds. */
export function cacheHeaders(isHit: boolean, age: number = 0): Record<string, string> {
  return isHit ? { Age: String(age), 'X-Cache': 'HIT' } : { 'X-Cache': 'MISS' };
}

/** What is done with an entry after it is read (`passing`, `near`), and how fresh it should be, makes no other entry. */
function cacheKeyOf(context: ApiContext, request: HttpRequest): string {
  const rest = [...request.query].filter(([name]) => !isNoPartOfTheKey.has(name));
  return JSON.stringify([request.path, rest, context.tokenOf(request)]);
}

const isNoPartOfTheKey: ReadonlySet<string> = new Set([
  ...['index', 'wait', 'hash', 'token', 'pretty'],
  ...['cached', 'stale', 'consistent', 'leader', 'max_stale', 'near', 'passing'],
]);
