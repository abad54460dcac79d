import { Cell, type Clock } from '../../base/index.ts';
import { type Instance, Loads } from '../../mtls/index.ts';

/** The instances of one upstream that were set last, and what our own connections have learned of them. */
export class Endpoints {
  readonly loads: Loads;
  readonly #instances = new Cell<readonly Instance[] | undefined>(undefined);

  constructor(clock: Clock) {
    this.loads = new Loads(clock);
  }

  /** Undefined: not known, so dials wait. */
  set(instances: readonly Instance[] | undefined): void {
    this.loads.forgive();
    this.#instances.set(instances);
  }

  /** Now, or once they are set. Rejects with the signal's reason when it aborts first. */
  known(signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#instances.until((instances) => instances !== undefined, signal);
  }
}
