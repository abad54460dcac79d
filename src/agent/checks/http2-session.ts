/** One HTTP/2 connection for one question of a check. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import type { CheckDefinition } from '../state/tables.ts';
import { splitHostPort } from './tcp.ts';
import { tlsOptionsOf } from './tls-options.ts';

/** Why there is no connection. */
export class NoSessionError extends Error {
  override readonly name = 'NoSessionError';
}

/**
 * Runs `use` with a session to `target` (`host:port`), which is closed after it and when `signal` aborts. Rejects with a NoSessionError when
 * it can't be made, its `cause` being the reason.
 */
export async function withHttp2Session<T>(
  target: string,
  isTls: boolean,
  definition: CheckDefinition,
  signal: AbortSignal,
  use: (session: ClientHttp2Session) => Promise<T>,
): Promise<T> {
  const at = splitHostPort(target);
  if (at === undefined) throw new NoSessionError('no address', { cause: new Error(`${target}: expected host:port`) });
  const host = at.host === '' ? 'localhost' : at.host;
  const authority = `${isTls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${at.port}`;
  const session = connect(authority, { ...(isTls ? tlsOptionsOf(definition, host) : {}), ...limits });
  session.on('error', () => undefined); // also after it was opened; whoever uses it then is told by its stream
  const stop = (): void => session.destroy(new Error('the time is over'));
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    // The signal too: a session that is destroyed while it connects says nothing, now and then.
    await once(session, 'connect', { signal }).catch((cause: unknown) => {
      throw new NoSessionError('not connected', { cause });
    });
    return await use(session);
  } finally {
    signal.removeEventListener('abort', stop);
    session.destroy();
  }
}

/** Of what a target may make us keep, in the units of node:http2: megabytes, pairs. */
const limits = { maxSessionMemory: 1, maxHeaderListPairs: 64, settings: { enablePush: false } } as const;
