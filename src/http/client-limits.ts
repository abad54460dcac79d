/** How much of a listener one client may take, so that the others are served too. Decisions only; `server.ts` carries them out. */

import { isIPv6 } from 'node:net';
import { LRUCache } from 'lru-cache';
import type { Clock } from '../base/index.ts';
import { isLoopback, plainAddress } from './peer-address.ts';

/** Of one client address each. 0: as many as it likes. Absent: the usual figure for other machines, and no limit for this one. */
export interface ClientLimitOptions {
  /** Open connections. */
  readonly connections?: number | undefined;
  /** Requests per second over time; up to twice as many at once. */
  readonly requestRate?: number | undefined;
}

const usual = { connections: 200, requestRate: 1_000 };

/** Clients whose requests are counted. One that is forgotten, because so many others asked since, starts anew. */
const mostClients = 10_000;

export type ConnectionVerdict = 'accepted' | 'refused' | 'cut';

interface Bucket {
  readonly left: number;
  readonly at: number;
}

export class ClientLimits {
  readonly #options: ClientLimitOptions;
  readonly #clock: Clock;
  /** How many each client has. */
  readonly #connections = { accepted: new Map<string, number>(), refused: new Map<string, number>() };
  readonly #buckets = new LRUCache<string, Bucket>({ max: mostClients });

  constructor(options: ClientLimitOptions, clock: Clock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * Counts a connection until it leaves. A refused one is to be told so, and that takes a moment: of a client that opens them faster, the
   * rest is to be cut without a word. They are counted apart, so that a client that tries again and again gets the place that becomes free.
   */
  enter(address: string | undefined): ConnectionVerdict {
    const client = clientOf(address);
    const most = limitFor(client, this.#options.connections, usual.connections);
    for (const verdict of ['accepted', 'refused'] as const) {
      const count = this.#connections[verdict].get(client) ?? 0;
      if (count >= most) continue;
      this.#connections[verdict].set(client, count + 1);
      return verdict;
    }
    return 'cut';
  }

  /** Once for each connection, with what `enter` said of it. */
  leave(address: string | undefined, verdict: ConnectionVerdict): void {
    if (verdict === 'cut') return;
    const client = clientOf(address);
    const count = (this.#connections[verdict].get(client) ?? 1) - 1;
    if (count > 0) this.#connections[verdict].set(client, count);
    else this.#connections[verdict].delete(client);
  }

  /** The seconds after which the client may ask again; 0 when it may now, and then the request counts. */
  takeRequest(address: string | undefined): number {
    const client = clientOf(address);
    const rate = limitFor(client, this.#options.requestRate, usual.requestRate);
    if (rate === Number.POSITIVE_INFINITY) return 0;
    const most = Math.max(1, 2 * rate);
    const now = this.#clock.now();
    const { left, at } = this.#buckets.get(client) ?? { left: most, at: now };
    const filled = Math.min(most, left + (Math.max(0, now - at) / 1_000) * rate);
    const isAllowed = filled >= 1;
    this.#buckets.set(client, { left: isAllowed ? filled - 1 : filled, at: now });
    return isAllowed ? 0 : Math.ceil((1 - filled) / rate);
  }
}

function limitFor(client: string, given: number | undefined, usualLimit: number): number {
  const limit = given ?? (client === unixSocket || isLoopback(client) ? 0 : usualLimit);
  return limit === 0 ? Number.POSITIVE_INFINITY : limit;
}

const unixSocket = '';

/** All of a Unix socket are one. A machine has as many addresses of IPv6 as it likes, alike in their first half: that half counts. */
function clientOf(address: string | undefined): string {
  if (address === undefined) return unixSocket;
  const plain = plainAddress(address);
  return isIPv6(plain) && !isLoopback(plain) ? firstHalf(plain) : plain;
}

function firstHalf(address: string): string {
  const [before = '', after] = address.split('::');
  const groups = before === '' ? [] : before.split(':');
  if (after === undefined) return groups.slice(0, 4).join(':');
  const last = after === '' ? [] : after.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return [...groups, ...zeros, ...last].slice(0, 4).join(':');
}
