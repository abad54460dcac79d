/** The requests that wait for their answers, so that a closing server can end their waiting and see them out. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

export interface OpenRequest {
  /** Made when first asked for: most requests never wait. */
  readonly signal: AbortSignal;
}

export class OpenRequests {
  readonly #most: number;
  readonly #open = new Set<Open>();
  readonly #perConnection = new WeakMap<Socket, number>();
  #isEnding = false;

  /** `most`: of one connection. */
  constructor(most: number) {
    this.#most = most;
  }

  /** From the call of `end` on. */
  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Undefined when the connection had too many already; it is cut then. */
  add({ socket }: IncomingMessage, response: ServerResponse): OpenRequest | undefined {
    const count = (this.#perConnection.get(socket) ?? 0) + 1;
    if (count > this.#most) {
      socket.destroy();
      return undefined;
    }
    this.#perConnection.set(socket, count);
    const request = new Open(this.#isEnding);
    this.#open.add(request);
    response.once('close', () => {
      this.#perConnection.set(socket, (this.#perConnection.get(socket) ?? 1) - 1);
      this.#open.delete(request);
      request.leave();
    });
    return request;
  }

  /** Aborts every signal, now and of requests to come; resolves when the present requests are answered, or when `signal` aborts. */
  async end(signal?: AbortSignal): Promise<void> {
    this.#isEnding = true;
    const present = [...this.#open];
    for (const request of present) request.abort();
    const { promise: cut, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([cut, Promise.all(present.map((request) => request.left))]);
  }
}

/** One for all: an abort without a reason makes an error with a stack each time. */
const requestIsOver = new Error('the request is over');

class Open implements OpenRequest {
  #controller: AbortController | undefined;
  #isAborted: boolean;
  readonly #left: PromiseWithResolvers<void> = Promise.withResolvers<void>();

  constructor(isAborted: boolean) {
    this.#isAborted = isAborted;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort(requestIsOver);
    return this.#controller.signal;
  }

  /** Resolves when the answer is out or the client gone. */
  get left(): Promise<void> {
    return this.#left.promise;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort(requestIsOver);
  }

  leave(): void {
    this.#left.resolve();
    this.abort();
  }
}
