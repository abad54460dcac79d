/** When one result is enough to change a check's status, and when it takes several in a row. */

import type { CheckDefinition, CheckStatus } from '../state/tables.ts';

export interface Streak {
  /** Results in a row. At most one of the two is above 0. */
  readonly successes: number;
  readonly failures: number;
}

export const noStreak: Streak = { successes: 0, failures: 0 };

type Thresholds = Pick<CheckDefinition, 'successBeforePassing' | 'failuresBeforeWarning' | 'failuresBeforeCritical'>;

/**
 * The status after one more result, or undefined where it stays what it is. A threshold of 3 lets the third failure in a row decide;
 * warnings count as successes, since the service answered.
 */
export function judge(
  result: CheckStatus,
  before: Streak,
  thresholds: Thresholds,
): { readonly streak: Streak; readonly status: CheckStatus | undefined } {
  if (result !== 'critical') {
    const successes = before.successes + 1;
    const isEnough = successes >= (thresholds.successBeforePassing ?? 0);
    return { streak: { successes, failures: 0 }, status: isEnough ? result : undefined };
  }
  const failures = before.failures + 1;
  const untilCritical = thresholds.failuresBeforeCritical ?? 0;
  const untilWarning = thresholds.failuresBeforeWarning || untilCritical;
  const status = failures >= untilCritical ? 'critical' : failures >= untilWarning ? 'warning' : undefined;
  return { streak: { successes: 0, failures }, status };
}
