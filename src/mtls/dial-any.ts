/** Dialling a service of several instances: one, then another if need be, each no more than once. */

import type { TLSSocket } from 'node:tls';
import { type Clock, messageOf, startDeadline } from '../base/index.ts';
import { chooseInstance } from './balance.ts';
import type { MtlsState } from './context.ts';
import { DialError, type DialOptions, dialInstance } from './dial-instance.ts';
import type { Loads } from './loads.ts';
import type { Instance } from './state.ts';

export interface DialAnyOptions extends DialOptions {
  /** What earlier dials have learned; this one adds to it. */
  readonly loads: Loads;
  /** The clock's time at which `signal` will abort, in milliseconds: no instance gets so much of it that none is left for the next. */
  readonly end: number;
  readonly clock: Clock;
  readonly random: () => number;
}

/** An instance that doesn't answer at all may take no more than its share of so many. */
const shares = 3;

/** Rejects with an `AggregateError` of one `DialError` for each instance, or with the signal's reason when it aborts before any failed. */
export async function dialAny(
  instances: readonly Instance[],
  state: MtlsState,
  options: DialAnyOptions,
): Promise<{ readonly instance: Instance; readonly socket: TLSSocket }> {
  const { loads, end, clock, random } = options;
  const failures: DialError[] = [];
  let left = instances;
  for (;;) {
    const instance = chooseInstance(left, loads, random);
    if (instance === undefined) throw together(failures);
    const share = (end - clock.now()) / Math.min(left.length, shares);
    left = left.filter((other) => other !== instance);
    try {
      const socket = await dialWithin(share, instance, state, options);
      loads.opened(instance, socket);
      return { instance, socket };
    } catch (error) {
      if (!(error instanceof DialError)) throw failures.length === 0 ? error : together(failures, error);
      failures.push(error);
      loads.failed(instance);
    }
  }
}

/** `end` is what ended the attempts before all were made. */
function together(failures: readonly DialError[], end?: unknown): AggregateError {
  const reasons = end === undefined ? failures : [end, ...failures];
  return new AggregateError(failures, reasons.map(messageOf).join('; '), end === undefined ? {} : { cause: end });
}

async function dialWithin(
  timeout: number,
  instance: Instance,
  state: MtlsState,
  { signal, alpn }: DialOptions,
): Promise<TLSSocket> {
  const late = new AbortController();
  const deadline = startDeadline(timeout, () =>
    late.abort(new DialError('connect', `no answer in ${Math.round(timeout)} ms`, instance)),
  );
  try {
    const either = AbortSignal.any([signal, late.signal]);
    return await dialInstance(instance, state, { signal: either, ...(alpn === undefined ? {} : { alpn }) });
  } finally {
    deadline.cancel();
  }
}
