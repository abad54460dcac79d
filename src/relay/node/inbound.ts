/** The inbound role: handshake, identity, decision, and only then the local service. */

import type { TLSSocket } from 'node:tls';
import { type Cell, messageOf } from '../../base/index.ts';
import { createPeerServer, type Gatekeeper, type MtlsState, type Peer } from '../../mtls/index.ts';
import type { DataPlaneEvent, InboundListener } from '../data-plane.ts';
import type { Connections } from './connections.ts';
import { type RunningListener, startListener } from './listener.ts';
import { dialLocalService } from './local-service.ts';
import { pipe } from './pipe.ts';
import { resetSocket } from './reset.ts';

export interface InboundDeps {
  readonly gatekeeper: Gatekeeper;
  readonly connections: Connections;
  readonly tell: (event: DataPlaneEvent) => void;
}

/** At once: enough for what two cores can work off in a second, and few enough for strangers to hold little memory. */
const maxHandshakes = 1_024;

export function startInbound(
  name: string,
  listener: InboundListener,
  state: Cell<MtlsState | undefined>,
  deps: InboundDeps,
): RunningListener {
  const { connections, tell } = deps;
  const { server, replace } = createPeerServer({
    state: state.value,
    handshakeTimeout: listener.handshakeTimeout,
    maxHandshakes: Math.min(maxHandshakes, listener.maxConnections),
    onPeer: (socket, peer, reset) => void handlePeer({ socket, peer, reset, name, listener }, deps),
    onRefused: (stage, reason, address) => connections.refused(name, stage, reason, address),
  });
  server.on('connection', () => connections.accepted('inbound'));
  // Node closes what comes beyond before a byte is read: no peer can take that for an answer.
  server.maxConnections = listener.maxConnections;
  server.on('drop', (from) =>
    connections.refused(name, 'limit', 'too many connections', from && `${from.remoteAddress}:${from.remotePort}`),
  );
  const running = startListener(server, { name, tell, bind: listener.bind });
  const unsubscribe = state.subscribe(replace);
  return {
    ...running,
    stop: () => {
      const drained = running.stop();
      void drained.then(unsubscribe);
      return drained;
    },
  };
}

interface AcceptedPeer {
  readonly socket: TLSSocket;
  readonly peer: Peer;
  readonly reset: () => void;
  readonly name: string;
  readonly listener: InboundListener;
}

/** Settles when the connection is over; never rejects. Whatever is refused, cut or failed ends by a reset. */
async function handlePeer({ socket, peer, reset, name, listener }: AcceptedPeer, deps: InboundDeps): Promise<void> {
  const { connections, gatekeeper } = deps;
  const given = new AbortController();
  socket.once('close', () => given.abort(new Error('the peer left')));
  let stage: 'authorization' | 'dial' = 'authorization';
  let cut = (reason: string): void => {
    stage = 'authorization';
    given.abort(new Error(reason));
  };
  let leave = (): void => undefined;

  try {
    const admission = await gatekeeper.admit(peer, { signal: given.signal, cut: (reason) => cut(reason) });
    leave = admission.leave;
    if (!admission.decision.allowed) throw new Error(admission.decision.reason);
    stage = 'dial';
    const local = await dialLocalService(listener.localService, listener.localConnectTimeout, given.signal);

    const dialled = { socket: local, reset: () => resetSocket(local) };
    const { spiffeId } = peer;
    const live = connections.open(
      { listener: name, role: 'inbound', peer: spiffeId, decision: admission.decision },
      () => {
        reset();
        dialled.reset();
      },
    );
    cut = (reason) => connections.forbid(live, reason);
    connections.close(live, await pipe({ socket, reset }, dialled, live));
  } catch (error) {
    reset();
    connections.refused(name, stage, messageOf(error), peer.spiffeId);
  } finally {
    leave();
  }
}
