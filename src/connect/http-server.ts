/** An HTTP server whose connections come from accepted callers only: an `https.Server` in all that matters. */

import http from 'node:http';
import net from 'node:net';
import { acceptCallers, type CallerSocket, type Callers, type ServeOptions } from './callers.ts';
import type { Ground } from './ground.ts';

/** `request.socket.caller` says who is calling. */
export type CallerRequest = http.IncomingMessage & { readonly socket: CallerSocket };

export type CallerHandler = (request: CallerRequest, response: http.ServerResponse) => void;

export class CallerHttpServer extends http.Server {
  readonly #callers: Callers;

  constructor(ground: Ground, options: ServeOptions & http.ServerOptions, handler?: CallerHandler) {
    super(options, handler as http.RequestListener | undefined);
    this.#callers = acceptCallers(ground, options, (socket) => super.emit('connection', socket));
    let withdraw: (() => void) | undefined;
    this.on('listening', () => {
      const address = this.address();
      if (typeof address === 'object' && address !== null) withdraw = ground.state.announce?.(address.port);
    });
    this.on('close', () => {
      withdraw?.();
      this.#callers.close();
    });
  }

  /** What was accepted is no connection yet: that event comes when the caller is known and allowed. */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    const [socket] = args;
    if (event !== 'connection' || !(socket instanceof net.Socket)) return super.emit(event as string, ...args);
    this.#callers.peers.accept(socket);
    return true;
  }

  /** A caller must not take what it has so far for the whole answer. */
  override closeAllConnections(): void {
    this.#callers.resetAll();
    super.closeAllConnections();
  }
}
