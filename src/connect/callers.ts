/** Inbound: from an accepted TCP connection to a caller whom our intentions allow. Nothing of the user's runs before. */

import type { TLSSocket } from 'node:tls';
import { createPeerServer, type Peer, type PeerServer } from '../mtls/index.ts';
import { ConnectError } from './errors.ts';
import type { Ground } from './ground.ts';

/** Half-open: when the caller has ended its side, ours is still open. */
export type CallerSocket = TLSSocket & {
  /** Who is calling, as proved. */
  readonly caller: Peer;
};

export interface ServeOptions {
  /** Milliseconds for the TLS handshake of a caller. Default 10 s. */
  readonly handshakeTimeout?: number;
  /** Handshakes under way at once. Default 1024. */
  readonly maxHandshakes?: number;
  /** Protocols to agree on, best first, such as `['h2', 'http/1.1']`. Default: none. A caller that offers only others is refused. */
  readonly alpn?: readonly string[];
}

export interface Callers {
  readonly peers: PeerServer;
  /** Ends what is still open, or shakes hands, so that no caller takes it for an answer. */
  resetAll(): void;
  close(): void;
}

export function acceptCallers(
  ground: Ground,
  options: ServeOptions,
  onCaller: (socket: CallerSocket) => void,
): Callers {
  const { state, runtime, gatekeeper, mtls } = ground;
  const { handshakeTimeout = 10_000, maxHandshakes = 1_024, alpn } = options;
  const log = runtime.log.with({ service: state.service });
  const refusals = runtime.metrics.counter('connect_refused_total', 'Callers that were not let in, by stage.', [
    'stage',
  ]);
  const live = new Set<() => void>();

  const peers = createPeerServer({
    state: mtls.value,
    handshakeTimeout,
    maxHandshakes,
    ...(alpn === undefined ? {} : { alpn }),
    onPeer: (socket, peer, reset) => void welcome(socket, peer, reset),
    onRefused: (stage, reason, address) => {
      refusals.add(1, { stage });
      log.debug('caller refused', { stage, reason, peer: address });
    },
  });
  const unsubscribe = mtls.subscribe(peers.replace);

  async function welcome(socket: TLSSocket, peer: Peer, reset: () => void): Promise<void> {
    const gone = new AbortController();
    let leave = (): void => undefined;
    live.add(reset);
    socket.once('close', () => {
      live.delete(reset);
      leave();
      gone.abort();
    });
    const cut = (reason: string): void => {
      log.info('caller cut', { peer: peer.spiffeId, reason });
      reset(); // first, because destroying the TLS socket alone ends the connection in good order
      socket.destroy(new ConnectError('DENIED', `${peer.spiffeId} may no longer call ${state.service}: ${reason}`));
    };
    try {
      const admission = await gatekeeper.admit(peer, { signal: gone.signal, cut });
      const { allowed, reason } = admission.decision;
      leave = admission.leave;
      if (gone.signal.aborted || socket.destroyed) return leave();
      if (allowed) return onCaller(Object.assign(socket, { caller: peer }));
      refusals.add(1, { stage: 'authorization' });
      log.info('caller denied', { peer: peer.spiffeId, reason });
      reset();
    } catch (error) {
      reset();
      if (!gone.signal.aborted) throw error; // the user's handler threw
    }
  }

  return {
    peers,
    resetAll: () => {
      peers.resetHandshakes();
      for (const reset of [...live]) reset();
    },
    close: unsubscribe,
  };
}
