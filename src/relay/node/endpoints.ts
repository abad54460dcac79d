import { Cell, type Clock } from '../../base/index.ts';
import type { Instance } from '../../mtls/index.ts';
import type { Load } from './balance.ts';

/** The instances of one upstream that were set last, and what our own connections have learned of them. */
export class Endpoints implements Load {
  readonly #clock: Clock;
  readonly #instances = new Cell<readonly Instance[] | undefined>(undefined);
  readonly #open = new Map<string, number>();
  readonly #failedAt = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Undefined: not known, so dials wait. */
  set(instances: readonly Instance[] | undefined): void {
    this.#failedAt.clear();
    this.#instances.set(instances);
  }

  /** Now, or once they are set. Rejects with the signal's reason when it aborts first. */
  known(signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#instances.until((instances) => instances !== undefined, signal);
  }

  open({ id }: Instance): number {
    return this.#open.get(id) ?? 0;
  }

  hasFailed({ id }: Instance): boolean {
    const at = this.#failedAt.get(id);
    return at !== undefined && this.#clock.now() - at < avoidFor;
  }

  opened({ id }: Instance): void {
    this.#open.set(id, (this.#open.get(id) ?? 0) + 1);
    this.#failedAt.delete(id);
  }

  closed({ id }: Instance): void {
    const rest = (this.#open.get(id) ?? 1) - 1;
    if (rest > 0) this.#open.set(id, rest);
    else this.#open.delete(id);
  }

  failed({ id }: Instance): void {
    this.#failedAt.set(id, this.#clock.now());
  }
}

/** Milliseconds for which an instance that could not be dialled is the last choice: its health check has time to say more. */
const avoidFor = 10_000;
