import type { Clock } from './clock.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';

/** What `main` makes once and passes down; tests pass their own. Nobody else touches time, chance, console or a metrics registry. */
export interface Runtime {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}
