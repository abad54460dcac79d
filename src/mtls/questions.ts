/** Questions about a peer that only the agent can answer. */

import { type Clock, startDeadline } from '../base/index.ts';
import type { Decision, Peer } from './state.ts';

/** Rejects when there was no answer. */
export type Ask = (peer: Peer, signal: AbortSignal) => Promise<Decision>;

/** `ask` with a deadline in milliseconds, that holds whether or not `ask` minds its signal. */
export async function askWithin(ask: Ask, timeout: number, peer: Peer, signal: AbortSignal): Promise<Decision> {
  const late = new AbortController();
  const deadline = startDeadline(timeout, () => late.abort(new Error('no answer in time')));
  const over = AbortSignal.any([signal, late.signal]);
  try {
    return await orAborted(ask(peer, over), over);
  } finally {
    deadline.cancel();
  }
}

/** The promise, or the signal's reason when it aborts first. */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    const finish = (): void => signal.removeEventListener('abort', abort);
    void promise.then(resolve, reject).finally(finish);
  });
}

/** Milliseconds to go on with an old answer when there is no newer one. */
const staleFor = 1_000;

/**
 * The one answer that holds for everybody whom no rule names: asked about the first who comes, kept for a while, asked again.
 * When nobody answers any more, the last answer stays. One object serves one authorization.
 */
export class DefaultAnswer {
  readonly #ask: (peer: Peer) => Promise<Decision>;
  readonly #keepFor: number;
  readonly #clock: Clock;
  readonly #onTurn: () => void;
  #last: { readonly decision: Decision; readonly until: number } | undefined;
  #asking: Promise<Decision> | undefined;

  /** `onTurn`: the answer is another than before. */
  constructor(ask: (peer: Peer) => Promise<Decision>, keepFor: number, clock: Clock, onTurn: () => void) {
    this.#ask = ask;
    this.#keepFor = keepFor;
    this.#clock = clock;
    this.#onTurn = onTurn;
  }

  /** Undefined when it must be asked for. */
  get current(): Decision | undefined {
    return this.#last !== undefined && this.#last.until > this.#clock.now() ? this.#last.decision : undefined;
  }

  /** One question at a time, shared by all who wait for it. Rejects when there never was an answer. */
  learn(peer: Peer): Promise<Decision> {
    this.#asking ??= this.#renew(peer).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #renew(peer: Peer): Promise<Decision> {
    const before = this.#last?.decision;
    try {
      const decision = await this.#ask(peer);
      this.#last = { decision, until: this.#clock.now() + this.#keepFor };
      if (before !== undefined && before.allowed !== decision.allowed) this.#onTurn();
      return decision;
    } catch (error) {
      if (before === undefined) throw error;
      this.#last = { decision: before, until: this.#clock.now() + Math.min(this.#keepFor, staleFor) };
      return before;
    }
  }
}
