/** Dialling one instance: TCP, TLS with our leaf, chain to the roots, and the exact SPIFFE ID; only then a socket. */

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { messageOf } from '../base/index.ts';
import { isSameServiceId, parseSpiffeId } from '../pki/index.ts';
import { type MtlsState, sharedContext } from './context.ts';
import { keepAliveInitialDelay } from './keep-alive.ts';
import { pinCertificate, readPeer } from './peer-identity.ts';
import { rememberRaw } from './raw-socket.ts';
import type { Instance, Peer } from './state.ts';

/** `connect`: no TCP connection. `handshake`: no TLS. `identity`: whoever answered did not prove to be the one that was dialled. */
export type DialStage = 'connect' | 'handshake' | 'identity';

/** One instance could not be dialled; another may do. */
export class DialError extends Error {
  override readonly name = 'DialError';
  readonly stage: DialStage;
  /** For people: says what is wrong, not which instance. */
  readonly reason: string;

  constructor(stage: DialStage, reason: string, instance: Instance, options?: ErrorOptions) {
    super(`${instance.id} at ${instance.host}:${instance.port}: ${reason}`, options);
    this.stage = stage;
    this.reason = reason;
  }
}

export interface DialOptions {
  /** The only deadline. */
  readonly signal: AbortSignal;
  /** Protocols to offer, best first. Absent: none, as for any protocol over TCP. */
  readonly alpn?: readonly string[];
}

/**
 * A half-open socket without delay, on which not one byte of an application was sent. With TLS 1.3 the far end may still refuse us:
 * that shows as a reset before its first byte. Throws a `DialError`, or the signal's reason when it aborts; then nothing is left open.
 */
export async function dialInstance(instance: Instance, state: MtlsState, options: DialOptions): Promise<tls.TLSSocket> {
  const { signal, alpn } = options;
  signal.throwIfAborted();
  const { host, port } = instance;
  const raw = net.connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay, allowHalfOpen: true });
  const abort = (): void => void raw.destroy();
  signal.addEventListener('abort', abort, { once: true });
  try {
    await reached(raw, 'connect', 'connect', instance);
    const socket = tls.connect({
      socket: raw,
      secureContext: sharedContext(state),
      rejectUnauthorized: true,
      checkServerIdentity: (_host, certificate) => {
        pinCertificate(socket, certificate.raw);
        return undefined; // names of hosts mean nothing here; ours is checked below
      },
      ...(alpn === undefined ? {} : { ALPNProtocols: [...alpn] }),
    });
    rememberRaw(socket, raw);
    socket.on('error', () => raw.destroy()); // an owner that listens hears it too; one that doesn't is not brought down
    await reached(socket, 'secureConnect', 'handshake', instance).catch((error) => {
      throw socket.authorizationError ? untrusted(socket, instance) : error;
    });
    peers.set(socket, checkIdentity(socket, state, instance));
    return socket;
  } catch (error) {
    raw.destroy();
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const peers = new WeakMap<tls.TLSSocket, Peer>();

/** What the far end of a dialled socket has proved. */
export function peerOf(socket: tls.TLSSocket): Peer | undefined {
  return peers.get(socket);
}

function checkIdentity(socket: tls.TLSSocket, { roots }: MtlsState, instance: Instance): Peer {
  if (!socket.authorized) throw untrusted(socket, instance);
  const reading = readPeer(socket, roots.trustDomain);
  if (!reading.ok) throw new DialError('identity', reading.reason, instance);
  const expected = parseSpiffeId(instance.spiffeId);
  if (expected?.kind === 'service' && isSameServiceId(expected, reading.id)) return reading.peer;
  throw new DialError('identity', `expected ${instance.spiffeId}, got ${reading.peer.spiffeId}`, instance);
}

function untrusted(socket: tls.TLSSocket, instance: Instance): DialError {
  return new DialError('identity', `its certificate is not accepted: ${socket.authorizationError}`, instance);
}

/** Resolves at `event`. A failure, and also a quiet close, rejects. */
async function reached(socket: net.Socket, event: string, stage: DialStage, instance: Instance): Promise<void> {
  const over = new AbortController();
  const closed = (): void => over.abort();
  socket.once('close', closed);
  try {
    await once(socket, event, { signal: over.signal });
  } catch (error) {
    const reason = over.signal.aborted ? `closed during ${stage}` : messageOf(error);
    throw new DialError(stage, reason, instance, { cause: error });
  } finally {
    socket.removeListener('close', closed);
  }
}
