/** Ready means ready: certificate, roots and a first word about intentions. What is missing is said with a code. */

import { startDeadline } from '../base/index.ts';
import { ConnectError, type ConnectErrorCode } from './errors.ts';
import type { Ground } from './ground.ts';
import type { Problem } from './problems.ts';

export function isReady({ mtls, state }: Ground): boolean {
  return mtls.value !== undefined && state.authorization.value.kind !== 'closed';
}

/** Resolves once leaf, roots and a first word about intentions are there. Rejects with the signal's reason. */
export async function untilReady({ mtls, state }: Ground, signal: AbortSignal): Promise<void> {
  await mtls.until((now) => now !== undefined, signal);
  await state.authorization.until(({ kind }) => kind !== 'closed', signal);
}

/** The problem that most needs somebody to act. */
const order: readonly ConnectErrorCode[] = ['TOKEN_REFUSED', 'CERTIFICATE_EXPIRED', 'AGENT_UNREACHABLE', 'NOT_READY'];

export function notReadyError({ state }: Ground): ConnectError {
  const problems = order.flatMap((code) => state.problems.value.filter((problem) => problem.code === code));
  const reasons = problems.map(({ what, reason }: Problem) => `${what}: ${reason}`).join('; ');
  const what = `${state.service} is not ready: `;
  return new ConnectError(problems[0]?.code ?? 'NOT_READY', what + (reasons || 'the agent has not answered yet'));
}

/**
 * Rejects after `timeout` milliseconds with what is missing. A token that is refused will not be accepted by waiting, so that ends the wait
 * at once.
 */
export async function waitUntilReady(ground: Ground, timeout: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  const over = new AbortController();
  const deadline = startDeadline(timeout, () => over.abort(notReadyError(ground)));
  const abort = (): void => over.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const stopLooking = ground.state.problems.subscribe((problems) => {
    if (problems.some(({ code }) => code === 'TOKEN_REFUSED')) over.abort(notReadyError(ground));
  });
  try {
    await untilReady(ground, over.signal);
  } finally {
    deadline.cancel();
    stopLooking();
    signal?.removeEventListener('abort', abort);
  }
}
