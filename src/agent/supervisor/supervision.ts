/**
 * When a managed proxy is started, and started again. The decision is this pure function; the loop that starts, waits and stops only
 * carries it out.
 */

/** Instants are milliseconds since the epoch. An attempt is a start, counted from the last run that was healthy. */
export type Supervision =
  /** To be started at `until`, as attempt number `attempt`. */
  | { readonly kind: 'waiting'; readonly until: number; readonly attempt: number }
  | { readonly kind: 'running'; readonly since: number; readonly attempt: number }
  /** Asked to end; ended by force at `killAt`. */
  | { readonly kind: 'stopping'; readonly killAt: number }
  | { readonly kind: 'stopped' };

export type SupervisionEvent =
  | { readonly kind: 'started'; readonly at: number }
  /** Or could not be started at all. */
  | { readonly kind: 'exited'; readonly at: number }
  | { readonly kind: 'stopRequested'; readonly at: number };

/** All times in milliseconds. */
export interface RestartPolicy {
  /** A run at least this long forgives the short ones before it. */
  readonly healthyAfter: number;
  /** Attempts without delay, before backing off. */
  readonly freeAttempts: number;
  readonly maxDelay: number;
  /** From the request to stop to the end by force. */
  readonly stopTime: number;
}

/** As Consul 1.3 has it: at once three times, then after 2, 4, 8, 16, 32 seconds, then each minute, and never given up. */
export const usualPolicy: RestartPolicy = {
  healthyAfter: 10_000,
  freeAttempts: 3,
  maxDelay: 60_000,
  stopTime: 5_000,
};

export function firstAttempt(now: number): Supervision {
  return { kind: 'waiting', until: now, attempt: 1 };
}

export function next(state: Supervision, event: SupervisionEvent, policy: RestartPolicy): Supervision {
  if (state.kind === 'stopped') return state;
  switch (event.kind) {
    case 'stopRequested':
      if (state.kind === 'stopping') return state;
      return state.kind === 'running' ? { kind: 'stopping', killAt: event.at + policy.stopTime } : { kind: 'stopped' };
    case 'started':
      return state.kind === 'waiting' ? { kind: 'running', since: event.at, attempt: state.attempt } : state;
    case 'exited': {
      if (state.kind === 'stopping') return { kind: 'stopped' };
      const wasHealthy = state.kind === 'running' && event.at - state.since >= policy.healthyAfter;
      const attempt = wasHealthy ? 1 : state.attempt + 1;
      return { kind: 'waiting', until: event.at + delayBefore(attempt, policy), attempt };
    }
  }
}

function delayBefore(attempt: number, { freeAttempts, maxDelay }: RestartPolicy): number {
  const extra = attempt - freeAttempts;
  return extra <= 0 ? 0 : Math.min(2 ** extra * 1_000, maxDelay);
}
