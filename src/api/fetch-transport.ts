/** An agent in this process, asked by a function in place of a socket. */

import { type CloseOptions, type Counter, messageOf, startDeadline } from '../base/index.ts';
import { ApiError } from './api-error.ts';
import { refusalOf } from './failure.ts';
import {
  type Answer,
  type Call,
  closedError,
  defaultMaxAnswer,
  defaultTimeout,
  outcomesOf,
  type Transport,
  type TransportOptions,
  timeoutError,
  tooBigError,
} from './transport.ts';

/** As the global `fetch`, for paths: `fetch` of an agent of `fairlead/agent`. */
export type FetchFunction = (path: string, init?: RequestInit) => Promise<Response>;

const address = 'the agent in this process';

export class FetchTransport implements Transport {
  readonly address: string = address;
  readonly #fetch: FetchFunction;
  readonly #options: Pick<TransportOptions, 'token'>;
  readonly #outcomes: Counter;
  readonly #closing = new AbortController();
  /** Aborts what `close` lets end: all but blocking queries. */
  readonly #drainOver = new AbortController();
  readonly #open = new Set<Promise<unknown>>();

  constructor(fetch: FetchFunction, { token, runtime }: Pick<TransportOptions, 'token' | 'runtime'>) {
    this.#fetch = fetch;
    this.#options = token === undefined ? {} : { token };
    this.#outcomes = outcomesOf(runtime);
  }

  async send(call: Call): Promise<Answer> {
    const exchange = this.#exchange(call);
    this.#open.add(exchange);
    try {
      const answer = await exchange;
      this.#outcomes.add(1, { outcome: 'ok' });
      return answer;
    } catch (error) {
      if (error instanceof ApiError) this.#outcomes.add(1, { outcome: error.code.toLowerCase() });
      throw error;
    } finally {
      this.#open.delete(exchange);
    }
  }

  async close({ signal }: CloseOptions = {}): Promise<void> {
    this.#closing.abort(closedError());
    const cut = (): void => this.#drainOver.abort(closedError());
    if (signal?.aborted) cut();
    else signal?.addEventListener('abort', cut, { once: true });
    await Promise.allSettled(this.#open);
    signal?.removeEventListener('abort', cut);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #exchange(call: Call): Promise<Answer> {
    this.#closing.signal.throwIfAborted();
    call.signal?.throwIfAborted();
    const late = new AbortController();
    const { timeout = defaultTimeout } = call;
    const deadline = startDeadline(timeout, () => late.abort(timeoutError(call, address, timeout)));
    const ending = call.isWatch ? this.#closing.signal : this.#drainOver.signal;
    const signal = AbortSignal.any([late.signal, ending, ...(call.signal ? [call.signal] : [])]);
    try {
      return await this.#ask(call, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError) throw error;
      throw new ApiError('UNREACHABLE', `${call.method} ${call.path}: ${messageOf(error)}`, { cause: error });
    } finally {
      deadline.cancel();
    }
  }

  async #ask(call: Call, signal: AbortSignal): Promise<Answer> {
    const { method, path, query, body, maxAnswer = defaultMaxAnswer } = call;
    const token = (call.token ?? this.#options.token?.())?.reveal();
    const response = await this.#fetch(query?.size ? `${path}?${query}` : path, {
      method,
      signal,
      headers: token === undefined ? {} : { 'X-Consul-Token': token },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    if (text.length > maxAnswer) throw tooBigError(call);
    const answer = { status: response.status, headers: Object.fromEntries(response.headers), text };
    if (!response.ok) throw refusalOf(call, answer, token);
    return answer;
  }
}
