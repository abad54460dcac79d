/** How many CSRs are signed: so many per second, and so many at once. Who would wait too long for a turn is refused. */

import type { Clock } from '../../base/index.ts';
import { CaError } from './ca-error.ts';

export interface CsrLimits {
  /** 0: no limit. */
  readonly perSecond: number;
  /** 0: no limit. */
  readonly concurrent: number;
}

/** Longest wait for a turn, in milliseconds. */
const longestWait = 500;

/** When the next CSR may be signed, given when the one before was (milliseconds), or undefined when that is too far away. */
export function nextTurn(previous: number, perSecond: number, now: number): number | undefined {
  if (perSecond === 0) return now;
  const interval = 1_000 / perSecond;
  // A clock that was set back must not close the door until it has caught up.
  const turn = previous > now + longestWait + interval ? now : Math.max(now, previous + interval);
  return turn - now > longestWait ? undefined : turn;
}

export class CsrLimit {
  readonly #clock: Clock;
  readonly #limits: () => CsrLimits;
  #previous = Number.NEGATIVE_INFINITY;
  #running = 0;
  readonly #waiting = new Set<() => void>();

  /** `limits` is asked for each CSR. */
  constructor(clock: Clock, limits: () => CsrLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Runs `sign` when its turn comes. Rejects with CaError `RATE_LIMITED` when none comes soon. */
  async run<T>(sign: () => Promise<T>): Promise<T> {
    await this.#takeTurn();
    await this.#enter();
    try {
      return await sign();
    } finally {
      this.#leave();
    }
  }

  async #takeTurn(): Promise<void> {
    const now = this.#clock.now();
    const turn = nextTurn(this.#previous, this.#limits().perSecond, now);
    if (turn === undefined) throw tooMany();
    this.#previous = turn;
    if (turn > now) await this.#clock.sleep(turn - now);
  }

  async #enter(): Promise<void> {
    const { concurrent } = this.#limits();
    if (concurrent === 0 || this.#running < concurrent) {
      this.#running += 1;
      return;
    }
    const patience = new AbortController();
    const admit = (): void => patience.abort();
    this.#waiting.add(admit);
    await this.#clock.sleep(longestWait, patience.signal);
    if (this.#waiting.delete(admit)) throw tooMany();
  }

  /** Hands the place on, so that nobody slips in between. */
  #leave(): void {
    const [next] = this.#waiting;
    if (next === undefined) this.#running -= 1;
    else {
      this.#waiting.delete(next);
      next();
    }
  }
}

function tooMany(): CaError {
  return new CaError('RATE_LIMITED', 'Rate limit reached, try again later');
}
