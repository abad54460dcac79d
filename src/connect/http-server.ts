/** An HTTP server whose connections come from accepted callers only: an `https.Server` in all that matters. */

import http from 'node:http';
import net from 'node:net';
import { acceptCallers, type CallerSocket, type Callers, type ServeOptions } from './callers.ts';
import type { Ground } from './ground.ts';
import { type Withdraw, withdraw } from './service-state.ts';

/** `request.socket.caller` says who is calling. */
export type CallerRequest = http.IncomingMessage & { readonly socket: CallerSocket };

export type CallerHandler = (request: CallerRequest, response: http.ServerResponse) => void;

export class CallerHttpServer extends http.Server {
  readonly #callers: Callers;
  readonly #ground: Ground;
  #announced: Promise<Withdraw> | undefined;

  constructor(ground: Ground, options: ServeOptions & http.ServerOptions, handler?: CallerHandler) {
    super(options, handler as http.RequestListener | undefined);
    this.#callers = acceptCallers(ground, options, (socket) => super.emit('connection', socket));
    this.#ground = ground;
    this.on('close', () => this.#callers.close());
  }

  /**
   * What was accepted is no connection yet: that event comes when the caller is known and allowed. And a service that listens can be
   * dialled.
   */
  override emit(event: string | symbol, ...args: unknown[]): boolean {
    if (event === 'listening' && this.#announce()) return true;
    const [socket] = args;
    if (event !== 'connection' || !(socket instanceof net.Socket)) return super.emit(event as string, ...args);
    this.#callers.peers.accept(socket);
    return true;
  }

  override close(callback?: (error?: Error) => void): this {
    const announced = this.#announced;
    this.#announced = undefined;
    if (announced === undefined) return super.close(callback);
    const withdrawn = withdraw(announced);
    return super.close((error) => void withdrawn.then(() => callback?.(error)));
  }

  /** Whether the event waits until that is done. */
  #announce(): boolean {
    const address = this.address();
    if (typeof address !== 'object' || address === null) return false;
    this.#announced = this.#ground.state.announce?.(address.port);
    if (this.#announced === undefined) return false;
    void this.#announced.then(
      () => super.emit('listening'),
      (error) => super.emit('error', error),
    );
    return true;
  }

  /** A caller must not take what it has so far for the whole answer. */
  override closeAllConnections(): void {
    this.#callers.resetAll();
    super.closeAllConnections();
  }
}
