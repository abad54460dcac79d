/** The TCP sockets under TLS sockets, so that a connection can end by a reset: `resetAndDestroy` on a TLS socket throws. */

import type net from 'node:net';
import type tls from 'node:tls';

const rawSockets = new WeakMap<tls.TLSSocket, net.Socket>();

export function rememberRaw(socket: tls.TLSSocket, raw: net.Socket): void {
  rawSockets.set(socket, raw);
}

/**
 * Ends a connection that this room accepted or dialled so that the far end can't take it for the orderly end of an answer.
 * What was written and not yet sent is lost. May be called again.
 */
export function resetConnection(socket: tls.TLSSocket): void {
  const raw = rawSockets.get(socket);
  if (raw === undefined) socket.destroy();
  else raw.resetAndDestroy();
}
