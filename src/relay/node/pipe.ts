/** Bytes both ways between two sockets: the one thing that happens per chunk, so it is written by hand and counts as it goes. */

import type { Duplex } from 'node:stream';

/** One end of a relayed connection. */
export interface End {
  /** Made with `allowHalfOpen`, and not yet read from. */
  readonly socket: Duplex;
  /** Resets the raw socket, so that the other side can't take the cut for the orderly end of its data. */
  reset(): void;
}

/** Grows while the pipe runs. */
export interface Traffic {
  /** Bytes that came from the accepted side. */
  bytesIn: number;
  /** Bytes that went to it. */
  bytesOut: number;
}

/** How a connection that nobody cut came to its end: both sides ended in good order. */
const orderlyEnd = 'ended';

/**
 * Carries bytes until both sides have ended or one of them fails; then both are closed. Resolves with `ended`, or with what failed.
 * An end on one side is passed on as an end (half-close) and the other way stays open for as long as it is used. A failure on one side
 * resets the other. A slow reader stops the other side's sender: what waits in between is bounded by the sockets' own buffers.
 */
export function pipe(accepted: End, dialled: End, traffic: Traffic): Promise<string> {
  return new Promise((resolve) => {
    let open = 2;
    let outcome: string | undefined;

    const fail = (reason: string): void => {
      outcome ??= reason;
      accepted.reset();
      dialled.reset();
    };
    const join = (from: Duplex, to: Duplex, side: string): void => {
      from.on('end', () => to.end());
      to.on('drain', () => from.resume());
      from.on('error', (error: NodeJS.ErrnoException) => fail(`${side}: ${error.code ?? error.message}`));
      from.on('close', () => {
        if (!from.readableEnded || !from.writableFinished) fail(`${side}: closed`);
        open -= 1;
        if (open === 0) resolve(outcome ?? orderlyEnd);
      });
    };

    join(accepted.socket, dialled.socket, 'accepted side');
    join(dialled.socket, accepted.socket, 'dialled side');
    accepted.socket.on('data', (chunk: Buffer) => {
      traffic.bytesIn += chunk.length;
      if (!dialled.socket.write(chunk)) accepted.socket.pause();
    });
    dialled.socket.on('data', (chunk: Buffer) => {
      traffic.bytesOut += chunk.length;
      if (!accepted.socket.write(chunk)) dialled.socket.pause();
    });
    // A side that broke between its accept and now will emit nothing more.
    for (const { socket } of [accepted, dialled]) if (socket.closed) socket.emit('close');
    if (accepted.socket.destroyed || dialled.socket.destroyed) fail('closed while the other side was dialled');
  });
}
