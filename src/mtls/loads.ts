import type { Clock } from '../base/index.ts';
import type { Load } from './balance.ts';
import type { Instance } from './state.ts';

/** Milliseconds for which an instance that could not be dialled comes last. */
const shunFor = 10_000;

/** How busy instances are with us, and which failed. Holds nothing for instances that are neither. */
export class Loads implements Load {
  readonly #clock: Clock;
  readonly #open = new Map<string, number>();
  readonly #failed = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(instance: Instance): number {
    return this.#open.get(keyOf(instance)) ?? 0;
  }

  hasFailed(instance: Instance): boolean {
    const key = keyOf(instance);
    const until = this.#failed.get(key);
    if (until !== undefined && until <= this.#clock.now()) this.#failed.delete(key);
    return this.#failed.has(key);
  }

  failed(instance: Instance): void {
    const now = this.#clock.now();
    for (const [key, until] of this.#failed) if (until <= now) this.#failed.delete(key);
    this.#failed.set(keyOf(instance), now + shunFor);
  }

  /** Health checks have said something new: earlier failures count no more. */
  forgive(): void {
    this.#failed.clear();
  }

  opened(instance: Instance, socket: { once(event: 'close', listener: () => void): unknown }): void {
    const key = keyOf(instance);
    this.#failed.delete(key);
    this.#open.set(key, this.open(instance) + 1);
    socket.once('close', () => {
      const left = this.open(instance) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    });
  }
}

const keyOf = ({ id, host, port }: Instance): string => `${id} ${host}:${port}`;
