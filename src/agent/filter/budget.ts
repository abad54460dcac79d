import { FilterError } from './filter-error.ts';

/** How much work one filtering may be, so that no expression holds up the agent for long: some tenths of a second. */
const mostSteps = 50_000_000;

/** Counted in steps and not in time, so that the same request always has the same answer. */
export class Budget {
  #left: number;

  constructor(steps: number = mostSteps) {
    this.#left = steps;
  }

  /** Throws a FilterError when it is used up. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new FilterError('filtering takes too long: simplify the expression or ask for less');
  }
}
