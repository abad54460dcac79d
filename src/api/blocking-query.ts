/**
 * A blocking query seen as a stream of values.
 *
 * Source: Consul HTTP API, "Blocking Queries": an index that goes backwards starts the query over, and an index of 0 is never sent.
 */

import { isDeepStrictEqual } from 'node:util';
import { type Backoff, exponentialBackoff, type Runtime } from '../base/index.ts';

/** Asks once. Holds the request open until the index passes `index`, or the wait time ends; with 0 it answers at once. */
export type BlockingQuery<T> = (index: number, signal: AbortSignal) => Promise<Indexed<T>>;

export interface Indexed<T> {
  readonly value: T;
  /** `X-Consul-Index`; 0 when the answer carried none, as some endpoints of older agents do. */
  readonly index: number;
  /** `X-Consul-KnownLeader`; true when the answer did not say. */
  readonly knownLeader: boolean;
}

/** The same by content hash: answers once the hash is no longer `hash`. With an empty one it answers at once. */
export type HashQuery<T> = (hash: string, signal: AbortSignal) => Promise<Hashed<T>>;

export interface Hashed<T> {
  readonly value: T;
  /** Empty when there is nothing that could be waited for, such as a service that is not registered. */
  readonly hash: string;
}

export interface WatchOptions<T> {
  readonly signal: AbortSignal;
  readonly runtime: Pick<Runtime, 'clock' | 'random'>;
  /** Told of each failure, with their number in a row. The watch itself never gives up. */
  readonly onError: (error: unknown, failures: number) => void;
  /** Told of each answer, also of those that change nothing: the agent is there. */
  readonly onAnswer?: () => void;
  /** Default: from half a second to a minute. */
  readonly backoff?: Backoff;
  /** Milliseconds between two questions where asking again would not wait. Default 5 s. */
  readonly pollInterval?: number;
  /** Which values are the same and need no telling. Default: deep equality. */
  readonly equals?: (a: T, b: T) => boolean;
}

/** Milliseconds from one question to the next, at least: an agent may wake its waiters more often than values change. */
const shortestRound = 100;

/**
 * Yields the value now, then again whenever it is another, until `signal` aborts.
 * A consumer that is slow misses intermediate values, never the last one.
 */
export async function* watch<T>(query: BlockingQuery<T>, options: WatchOptions<T>): AsyncGenerator<T, void> {
  let index = 0;
  yield* rounds<T>(options, {
    start: () => {
      index = 0; // a restarted agent counts from the start again
    },
    ask: async (signal) => {
      const answer = await query(index, signal);
      // Index 1 without a leader is what a filtered read gives: it does not block.
      const canWait = answer.index > 1 || (answer.index === 1 && answer.knownLeader);
      index = canWait && answer.index >= index ? answer.index : 0;
      return { value: answer.value, canWait };
    },
  });
}

/** As `watch`, by content hash. */
export async function* watchHash<T>(query: HashQuery<T>, options: WatchOptions<T>): AsyncGenerator<T, void> {
  let hash = '';
  yield* rounds<T>(options, {
    start: () => {
      hash = '';
    },
    ask: async (signal) => {
      const answer = await query(hash, signal);
      hash = answer.hash;
      return { value: answer.value, canWait: hash !== '' };
    },
  });
}

interface Question<T> {
  /** Forgets what the next question would wait for. */
  start(): void;
  ask(signal: AbortSignal): Promise<Answer<T>>;
}

interface Answer<T> {
  readonly value: T;
  /** Asking again will wait for a change. */
  readonly canWait: boolean;
}

async function* rounds<T>(options: WatchOptions<T>, question: Question<T>): AsyncGenerator<T, void> {
  const { signal, runtime, onError, onAnswer, pollInterval = 5_000, equals = isDeepStrictEqual } = options;
  const { clock, random } = runtime;
  const backoff = options.backoff ?? exponentialBackoff(500, 60_000, random);
  let last: { readonly value: T } | undefined;
  let failures = 0;

  while (!signal.aborted) {
    const asked = clock.now();
    let answer: Answer<T>;
    try {
      answer = await question.ask(signal);
    } catch (error) {
      if (signal.aborted) return;
      question.start();
      failures += 1;
      onError(error, failures);
      await clock.sleep(backoff(failures), signal);
      continue;
    }
    failures = 0;
    onAnswer?.();

    if (last === undefined || !equals(last.value, answer.value)) {
      last = { value: answer.value };
      yield answer.value;
    }
    await clock.sleep(restOf(answer.canWait ? shortestRound : pollInterval, clock.now() - asked), signal);
  }
}

/** Of a round of `whole` milliseconds that has lasted for `spent`; a clock that was set back must not make it longer. */
function restOf(whole: number, spent: number): number {
  return Math.max(0, whole - Math.max(0, spent));
}
