import { type Clock, formatDuration } from '../../base/index.ts';
import { CommandFailure } from '../failure.ts';
import type { Child } from './child.ts';

const pause = 25;

export interface WaitOptions {
  /** What is awaited, as the end of `… after 15 s`: `the agent does not answer`. */
  readonly complaint: string;
  /** Milliseconds. */
  readonly bound: number;
  readonly child: Child;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Tries until it gives a value. Throws CommandFailure with the child's last lines when the child ends or the bound is reached. */
export async function waitFor<T>(attempt: () => Promise<T | undefined>, options: WaitOptions): Promise<T> {
  const { complaint, bound, child, clock, signal } = options;
  const deadline = clock.now() + bound;
  for (;;) {
    const found = await attempt().catch(() => undefined);
    if (found !== undefined) return found;
    signal.throwIfAborted();
    if (!child.isRunning()) throw failure(`${capitalize(child.title)} ended.`, child);
    if (clock.now() > deadline) throw failure(`${capitalize(complaint)} after ${formatDuration(bound)}.`, child);
    await clock.sleep(pause, signal);
  }
}

function failure(what: string, child: Child): CommandFailure {
  return new CommandFailure(`${what} The last lines of ${child.title}:\n\n${child.lastLines().replace(/^/gm, '    ')}`);
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
