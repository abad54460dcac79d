import type { ClientHttp2Session } from 'node:http2';
import { NoSessionError, withHttp2Session } from './http2-session.ts';
import type { Probe } from './probe.ts';
import { describeDialError } from './tcp.ts';

/** Passing when the target, over TLS unless told otherwise, answers an HTTP/2 ping. */
export const probeH2Ping: Probe = async (definition, signal) => {
  const { h2ping = '', h2pingPlain } = definition;
  try {
    await withHttp2Session(h2ping, h2pingPlain !== true, definition, signal, ping);
    return { status: 'passing', output: 'HTTP2 ping was successful' };
  } catch (error) {
    const { message, cause } = error as Error;
    const isDial = error instanceof NoSessionError;
    const reason = isDial || signal.aborted ? describeDialError((cause ?? error) as Error, h2ping, signal) : message;
    return { status: 'critical', output: `${isDial ? 'Failed to dial to' : 'Failed to ping'} ${h2ping}: ${reason}` };
  }
};

/** Rejects when the other end leaves instead; what `session.ping` throws of a session that is over rejects too. */
function ping(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.once('close', () => reject(new Error('connection closed')));
    session.ping((error) => (error === null ? resolve() : reject(error)));
  });
}
