/** Milliseconds. An agent runs most checks every ten seconds; some take longer to start. */
const doubtFor = 30_000;

/**
 * Whether to believe that a service has no healthy instance. An agent that was restarted calls every check critical until it has run it
 * again, so right after an absence of the agent "none" mostly means "not known yet"; the instances of before go on until it is.
 */
export class Absence {
  #isAway: boolean = false;
  #doubtUntil = 0;

  /** The agent did not answer. */
  begin(): void {
    this.#isAway = true;
  }

  /** Milliseconds for which an empty answer that came at `now` is not to be believed; 0 where it is. */
  doubt(now: number): number {
    if (this.#isAway) this.#doubtUntil = now + doubtFor;
    this.#isAway = false;
    return Math.max(0, this.#doubtUntil - now);
  }
}
