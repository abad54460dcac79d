import type net from 'node:net';

/**
 * Ends a plain socket so that the other side can't take it for the orderly end of its data. Unix sockets know no reset: there,
 * closing is all that can be done. May be called again, and at any time.
 */
export function resetSocket(socket: net.Socket): void {
  if (socket.remoteAddress === undefined) socket.destroy();
  else socket.resetAndDestroy();
}
