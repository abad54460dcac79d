/**
 * Accepting peers: handshake under a deadline, chain to the roots, one SPIFFE ID; then a socket or a reset.
 * No other code accepts a peer.
 *
 * Each line that looks odd closes a hole that was tried:
 * - A bare `new TLSSocket(raw, { isServer, rejectUnauthorized: true })` verifies nothing: only a `tls.Server` sets `authorized`.
 * - `rejectUnauthorized: true` on the server refuses with an orderly end, which a TLS 1.3 client can't tell from an empty answer; so
 *   the check is ours, and the refusal is a reset of the raw socket (`resetAndDestroy` on a TLSSocket throws).
 * - Every `setSecureContext` names all settings again (context.ts).
 * - `handshakeTimeout` of `tls.Server` starts anew with each byte; the deadline here does not.
 * - `allowHalfOpen` is taken from the raw socket. It begins as false, because nothing else tells that a peer has left in the middle of
 *   its handshake, and is true as soon as the peer is known.
 */

import net from 'node:net';
import tls from 'node:tls';
import { type Deadline, startDeadline } from '../base/index.ts';
import { contextOptions, type MtlsState } from './context.ts';
import { keepAliveInitialDelay } from './keep-alive.ts';
import { readPeer } from './peer-identity.ts';
import { rememberRaw } from './raw-socket.ts';
import type { Peer } from './state.ts';

export type PeerRefusalStage = 'handshake' | 'identity' | 'limit';

export interface PeerServerOptions {
  /** Absent: not ready, every connection is reset. */
  readonly state: MtlsState | undefined;
  /** Milliseconds from accept to the end of the handshake, however busy the peer is meanwhile. */
  readonly handshakeTimeout: number;
  /** Handshakes under way at once; what comes beyond is reset. */
  readonly maxHandshakes: number;
  /** Protocols to agree on, best first. Absent: what a peer offers is ignored. */
  readonly alpn?: readonly string[];
  /**
   * A peer whose chain and SPIFFE ID were checked; whether it may connect is not decided yet. The socket is half-open, nothing was
   * read from it. `reset` ends it so that it can't be taken for an answer.
   */
  onPeer(socket: tls.TLSSocket, peer: Peer, reset: () => void): void;
  /** `address` is `<ip>:<port>`. A peer that leaves without a word, as a TCP health check does, is not told. */
  onRefused(stage: PeerRefusalStage, reason: string, address: string): void;
}

export interface PeerServer {
  /** Not listening yet. TCP only: on a Unix socket no peer gets through. */
  readonly server: net.Server;
  /** For a server of another kind that does the listening. */
  accept(raw: net.Socket): void;
  /** New handshakes use `state`, that is checked against what OpenSSL can read and throws before anything changes; live sockets stay. */
  replace(state: MtlsState | undefined): void;
  /** Resets every peer whose handshake is under way; nobody is told of these. */
  resetHandshakes(): void;
}

interface Handshake {
  readonly raw: net.Socket;
  readonly address: string;
  readonly deadline: Deadline;
}

const notReady = 'not ready: no certificate or no roots yet';

export function createPeerServer(options: PeerServerOptions): PeerServer {
  let state: MtlsState | undefined;
  const underWay = new Map<string, Handshake>();
  const handshakes = tls.createServer({
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: options.handshakeTimeout, // the deadline below comes first
    ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
  });
  replace(options.state);

  function accept(raw: net.Socket): void {
    raw.allowHalfOpen = false;
    raw.on('error', () => raw.destroy());
    if (raw.remoteAddress === undefined) return void raw.destroy(); // it has left already, or is no TCP connection
    const address = `${raw.remoteAddress}:${raw.remotePort}`;
    const refusal = refusalAtAccept();
    if (refusal !== undefined) {
      raw.resetAndDestroy();
      options.onRefused(...refusal, address);
      return;
    }
    const key = endpointsOf(raw);
    const deadline = startDeadline(options.handshakeTimeout, () =>
      refuse(key, 'handshake', 'the handshake took too long'),
    );
    underWay.set(key, { raw, address, deadline });
    raw.once('close', () => {
      if (take(key, raw) && raw.bytesRead > 0)
        options.onRefused('handshake', 'the peer left during the handshake', address);
    });
    handshakes.emit('connection', raw);
  }

  handshakes.on('secureConnection', (socket) => {
    const key = endpointsOf(socket);
    const raw = underWay.get(key)?.raw;
    if (raw === undefined) return void socket.destroy();
    socket.allowHalfOpen = true;
    rememberRaw(socket, raw);
    socket.on('error', () => raw.destroy());
    if (state === undefined) return refuse(key, 'handshake', notReady);
    if (!socket.authorized) return refuse(key, 'handshake', problemWithChain(socket));
    const reading = readPeer(socket, state.roots.trustDomain);
    if (!reading.ok) return refuse(key, 'identity', reading.reason);
    take(key, raw);
    options.onPeer(socket, reading.peer, () => raw.resetAndDestroy());
  });

  handshakes.on('tlsClientError', (error: Error & { reason?: string }, socket) => {
    const key = endpointsOf(socket);
    if (underWay.has(key)) refuse(key, 'handshake', error.reason ?? error.message);
    else socket.destroy();
  });

  function refusalAtAccept(): [PeerRefusalStage, string] | undefined {
    if (state === undefined) return ['handshake', notReady];
    if (underWay.size >= options.maxHandshakes) return ['limit', 'too many handshakes at once'];
    return undefined;
  }

  function refuse(key: string, stage: PeerRefusalStage, reason: string): void {
    const handshake = underWay.get(key);
    if (handshake === undefined || !take(key, handshake.raw)) return;
    handshake.raw.resetAndDestroy();
    options.onRefused(stage, reason, handshake.address);
  }

  /** Ends the wait for a handshake; false when it was over before. A later connection from the same port is not touched. */
  function take(key: string, raw: net.Socket): boolean {
    const handshake = underWay.get(key);
    if (handshake?.raw !== raw) return false;
    handshake.deadline.cancel();
    return underWay.delete(key);
  }

  function resetHandshakes(): void {
    for (const [key, { raw }] of [...underWay]) {
      take(key, raw);
      raw.resetAndDestroy();
    }
  }

  function replace(next: MtlsState | undefined): void {
    if (next !== undefined) handshakes.setSecureContext(contextOptions(next));
    state = next;
  }

  return {
    server: net.createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay }, accept),
    accept,
    replace,
    resetHandshakes,
  };
}

function problemWithChain(socket: tls.TLSSocket): string {
  if (socket.getPeerX509Certificate() === undefined) return 'no certificate';
  return `the certificate is not accepted: ${socket.authorizationError}`;
}

/** Both ends' addresses: the one public thing that a raw socket and the TLS socket above it share. */
function endpointsOf(socket: net.Socket): string {
  return `${socket.remoteAddress}|${socket.remotePort}|${socket.localAddress}|${socket.localPort}`;
}
