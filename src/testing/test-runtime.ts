import { noMetrics, type Runtime, silentLog, systemClock } from '../base/index.ts';

/** The system's time, a seeded source of chance, no logs and no metrics; `parts` put others in their place. */
export function testRuntime(parts: Partial<Runtime> = {}): Runtime {
  return { clock: systemClock, log: silentLog, metrics: noMetrics, random: seededRandom(1), ...parts };
}

/** The same numbers in [0, 1) for the same seed, so that a failure happens again. A linear congruential generator. */
function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
