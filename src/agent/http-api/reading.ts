/** One evaluation of an indexed read, and what equal reads share. */

import { type HttpRequest, Json } from '../../http/index.ts';
import type { Store } from '../state/store.ts';
import type { ApiContext } from './context.ts';

export interface Reading {
  readonly value: unknown;
  /** What it depends on: its index is the newest of theirs, and their change wakes who waits for it. */
  readonly topics: readonly string[];
  /** 200 unless said otherwise. */
  readonly status?: number;
  /** Goes out in place of `value`, as plain text. */
  readonly text?: string;
  /** `X-Cache` of an answer that did not wait; by itself, the first of its kind is a MISS and each later one a HIT. */
  readonly hit?: boolean;
  /** Seconds, for the header of that name beside a HIT; 0 by itself. */
  readonly age?: number;
}

export interface Found {
  readonly reading: Reading;
  readonly index: number;
  /** One object for equal answers, so that it is encoded once. */
  readonly body: Json;
}

export function readNow(store: Store, read: () => Reading): Found {
  const reading = read();
  return { reading, index: store.indexOf(reading.topics), body: new Json(reading.value) };
}

/** At most this many different reads of one turn are kept. */
const mostShared = 1_000;
const sharedReads = new WeakMap<Store, Map<string, Found>>();

/**
 * As `readNow`, but one evaluation serves all equal requests that wake in one turn of the event loop: ten thousand watchers of one
 * service cost one read and one encoding. Nothing is kept beyond the turn, so that nothing can go stale.
 */
export function readAgain(context: ApiContext, request: HttpRequest, read: () => Reading): Found {
  const { store } = context;
  const shared = sharedReads.get(store) ?? startSharing(store);
  const key = keyOf(context, request);
  const known = shared.get(key);
  if (known !== undefined && known.index === store.indexOf(known.reading.topics)) return known;
  const found = readNow(store, read);
  if (shared.size < mostShared) shared.set(key, found);
  return found;
}

function startSharing(store: Store): Map<string, Found> {
  const shared = new Map<string, Found>();
  sharedReads.set(store, shared);
  setImmediate(() => sharedReads.delete(store));
  return shared;
}

/** Equal for requests that must get equal answers: waiting parameters don't count. */
function keyOf(context: ApiContext, request: HttpRequest): string {
  const rest = [...request.query].filter(([name]) => !waiting.has(name));
  return JSON.stringify([request.path, rest, context.tokenOf(request)]);
}

const waiting: ReadonlySet<string> = new Set(['index', 'wait', 'hash', 'token', 'pretty']);
