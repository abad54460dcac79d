import type { Clock } from '../base/index.ts';

interface Sleeper {
  readonly until: number;
  readonly wake: () => void;
}

/** A clock that stands still until it is told otherwise. */
export function fakeClock(now: number = Date.now()): FakeClock {
  return new FakeClock(now);
}

export class FakeClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();
  readonly #onSleep = new Set<() => void>();

  /** `now` is in milliseconds since the epoch. */
  constructor(now: number = 1_000_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  systemNow(): number {
    return Date.now();
  }

  /** How many wait at this moment. */
  get sleeping(): number {
    return this.#sleepers.size;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#sleepers.delete(sleeper);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const sleeper: Sleeper = { until: this.#now + ms, wake };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', wake, { once: true });
      for (const listener of [...this.#onSleep]) listener();
    });
  }

  /**
   * Lets `ms` pass. Sleepers wake in the order of their times, each at its own time; what they do next, as far as it needs no
   * network and no disk, is done before the next one wakes.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (let next = this.#firstUntil(end); next !== undefined; next = this.#firstUntil(end)) {
      this.#now = Math.max(this.#now, next.until);
      next.wake();
      await settle();
    }
    this.#now = end;
  }

  /** Resolves once at least `count` wait. */
  async untilSleeping(count = 1): Promise<void> {
    while (this.#sleepers.size < count) {
      await new Promise<void>((resolve) => {
        const listener = (): void => {
          this.#onSleep.delete(listener);
          resolve();
        };
        this.#onSleep.add(listener);
      });
    }
  }

  #firstUntil(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.#sleepers) {
      if (sleeper.until <= end && (first === undefined || sleeper.until < first.until)) first = sleeper;
    }
    return first;
  }
}

/** Promises and writes of this turn are through. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
