/**
 * One agent's HTTP API over `node:http(s)`: connections, deadlines, bounds and failures. Knows no endpoint.
 *
 * Blocking queries have connections of their own, so that none of them is ever in the way of a call that a connection waits for; and calls
 * share a bounded number, because an agent resets what goes beyond its limit per client.
 */

import http from 'node:http';
import https from 'node:https';
import {
  type Closable,
  type CloseOptions,
  type Counter,
  type Runtime,
  type Secret,
  startDeadline,
} from '../base/index.ts';
import { type AgentAddress, formatAgentAddress, hostPart, parseAgentAddress } from './address.ts';
import { ApiError } from './api-error.ts';
import { failureOf, refusalOf } from './failure.ts';

export interface TransportOptions {
  /** `http://host:port`, `https://host:port`, `unix:///path` or `host:port`. */
  readonly address: string;
  /** Asked for each call, so that it may change. */
  readonly token?: () => Secret | undefined;
  readonly tls?: ClientTls;
  /** `user:password` for HTTP basic authentication, as a reverse proxy before the agent may want it. */
  readonly auth?: Secret;
  /** Connections for calls; more calls at once wait for one. Default 64. */
  readonly maxSockets?: number;
  /** Blocking queries at once, each on a connection of its own; more are refused. Default 128. */
  readonly maxWatches?: number;
  readonly runtime: Runtime;
}

/** All as PEM text. */
export interface ClientTls {
  /** The CA of the agent's certificate; absent: those that Node knows. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: Secret;
  /** The name to expect in the agent's certificate, where it is not the host of the address. */
  readonly serverName?: string;
  /** Default true. */
  readonly verify?: boolean;
}

export interface Call {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Begins with `/v1/`; names in it are percent-encoded. */
  readonly path: string;
  readonly query?: URLSearchParams;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the whole exchange. Default 10 s. */
  readonly timeout?: number;
  /** A blocking query. */
  readonly isWatch?: boolean;
  /**
   * May be sent again when a kept connection turns out to be dead. Default: all but POST and blocking queries, whose index may mean
   * nothing to the agent that answers now.
   */
  readonly isRepeatable?: boolean;
  /** Bytes of an answer, at most. Default 16 MiB. */
  readonly maxAnswer?: number;
  /** Instead of the client's own. */
  readonly token?: Secret | undefined;
}

export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export const defaultTimeout = 10_000;
export const defaultMaxAnswer: number = 16 * 1024 * 1024;

/** What the client's endpoints stand on. */
export interface Transport extends Closable {
  /** For messages. */
  readonly address: string;
  /** Resolves for a 2xx answer; otherwise rejects with an `ApiError`, or with the signal's reason once it aborts. */
  send(call: Call): Promise<Answer>;
}

export function outcomesOf({ metrics }: Pick<Runtime, 'metrics'>): Counter {
  return metrics.counter('connect_api_calls_total', 'Calls to the agent by outcome: ok, or what went wrong.', [
    'outcome',
  ]);
}

export class HttpTransport implements Transport {
  readonly address: string;
  readonly #address: AgentAddress;
  readonly #options: TransportOptions;
  readonly #forCalls: http.Agent;
  readonly #forWatches: http.Agent;
  readonly #maxWatches: number;
  readonly #outcomes: Counter;
  /** What cuts each exchange under way. */
  readonly #calls = new Set<(error: ApiError) => void>();
  readonly #watches = new Set<(error: ApiError) => void>();
  #closed: PromiseWithResolvers<void> | undefined;

  constructor(options: TransportOptions) {
    const { tls, maxSockets = 64, maxWatches = 128 } = options;
    this.#address = parseAgentAddress(options.address);
    this.address = formatAgentAddress(this.#address);
    this.#options = options;
    this.#maxWatches = maxWatches;
    this.#forCalls = agentFor(this.#address, tls, maxSockets);
    this.#forWatches = agentFor(this.#address, tls, maxWatches);
    this.#outcomes = outcomesOf(options.runtime);
  }

  async send(call: Call): Promise<Answer> {
    try {
      const answer = await this.#exchange(call);
      if (answer.status < 200 || answer.status > 299) throw refusalOf(call, answer, this.#tokenOf(call)?.reveal());
      this.#outcomes.add(1, { outcome: 'ok' });
      return answer;
    } catch (error) {
      if (error instanceof ApiError) this.#outcomes.add(1, { outcome: error.code.toLowerCase() });
      throw error;
    }
  }

  /** Lets calls end, within the drain; blocking queries are cut at once. */
  async close({ signal }: CloseOptions = {}): Promise<void> {
    this.#closed ??= Promise.withResolvers<void>();
    for (const cut of [...this.#watches]) cut(closedError());
    const cutAll = (): void => {
      for (const cut of [...this.#calls]) cut(closedError());
    };
    if (signal?.aborted) cutAll();
    else signal?.addEventListener('abort', cutAll, { once: true });
    this.#finishClosing();
    await this.#closed.promise;
    signal?.removeEventListener('abort', cutAll);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #exchange(call: Call): Promise<Answer> {
    for (;;) {
      this.#admit(call);
      try {
        return await this.#once(call);
      } catch (error) {
        // The agent closed a connection that we kept. Each such failure uses one up, so this ends.
        const { isRepeatable = call.method !== 'POST' && !call.isWatch } = call;
        if (!(error instanceof DeadConnection)) throw error;
        if (!isRepeatable) throw failureOf(call, this.#address, error.cause);
      }
    }
  }

  #admit(call: Call): void {
    if (this.#closed) throw closedError();
    if (call.signal?.aborted) throw call.signal.reason;
    if (call.isWatch && this.#watches.size >= this.#maxWatches) throw this.#tooManyWatches();
  }

  #once(call: Call): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const { timeout = defaultTimeout, signal } = call;
    const open = call.isWatch ? this.#watches : this.#calls;
    const request = this.#request(call);

    const cut = (error: unknown): void => {
      finish();
      reject(error);
      request.destroy();
    };
    const abort = (): void => cut(signal?.reason);
    const finish = (): void => {
      deadline.cancel();
      signal?.removeEventListener('abort', abort);
      if (open.delete(cut)) this.#finishClosing();
    };
    const deadline = startDeadline(timeout, () => cut(timeoutError(call, this.address, timeout)));
    signal?.addEventListener('abort', abort, { once: true });
    open.add(cut);

    request.on('error', (error: NodeJS.ErrnoException) => {
      finish();
      reject(isDead(request, error) ? new DeadConnection(error) : failureOf(call, this.#address, error));
    });
    request.on('response', (response) => {
      collect(response, call.maxAnswer ?? defaultMaxAnswer).then(
        (text) => {
          finish();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text });
        },
        (error) => cut(error instanceof TooBig ? tooBigError(call) : failureOf(call, this.#address, error)),
      );
    });
    request.end(call.body);
    return promise;
  }

  #request(call: Call): http.ClientRequest {
    const address = this.#address;
    const query = call.query?.size ? `?${call.query}` : '';
    const common = {
      method: call.method,
      agent: call.isWatch ? this.#forWatches : this.#forCalls,
      headers: this.#headersOf(call),
    };
    if (address.scheme === 'unix')
      return http.request({ ...common, socketPath: address.path, path: `${call.path}${query}` });
    const { host, port, prefix } = address;
    const target = { ...common, host, port, path: `${prefix}${call.path}${query}` };
    return address.scheme === 'https' ? https.request(target) : http.request(target);
  }

  #headersOf(call: Call): http.OutgoingHttpHeaders {
    const token = this.#tokenOf(call);
    const { auth } = this.#options;
    return {
      Host: hostHeader(this.#address),
      Accept: 'application/json',
      ...(token === undefined ? {} : { 'X-Consul-Token': headerValue(token) }),
      ...(auth === undefined ? {} : { Authorization: `Basic ${Buffer.from(auth.reveal()).toString('base64')}` }),
      ...(call.body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(call.method === 'GET' ? {} : { 'Content-Length': Buffer.byteLength(call.body ?? '') }),
    };
  }

  #tokenOf(call: Call): Secret | undefined {
    return call.token ?? this.#options.token?.();
  }

  #tooManyWatches(): ApiError {
    return new ApiError(
      'REFUSED',
      `${this.#maxWatches} blocking queries to ${this.address} are open already: follow fewer services, or raise maxWatches and the agent's limits.http_max_conns_per_client`,
    );
  }

  #finishClosing(): void {
    if (!this.#closed || this.#calls.size > 0 || this.#watches.size > 0) return;
    this.#forCalls.destroy();
    this.#forWatches.destroy();
    this.#closed.resolve();
  }
}

/** A kept connection that was dead before the agent could read the request. */
class DeadConnection extends Error {
  constructor(cause: Error) {
    super('the connection was dead', { cause });
  }
}

class TooBig extends Error {}

function isDead(request: http.ClientRequest, error: NodeJS.ErrnoException): boolean {
  return request.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function agentFor(address: AgentAddress, tls: ClientTls | undefined, maxSockets: number): http.Agent {
  const options: http.AgentOptions = { keepAlive: true, maxSockets, maxFreeSockets: maxSockets, scheduling: 'lifo' };
  if (address.scheme !== 'https') return new http.Agent(options);
  const { ca, cert, key, serverName, verify = true } = tls ?? {};
  return new https.Agent({
    ...options,
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key: key.reveal() }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
}

function hostHeader(address: AgentAddress): string {
  return address.scheme === 'unix' ? 'localhost' : `${hostPart(address.host)}:${address.port}`;
}

function headerValue(token: Secret): string {
  const text = token.reveal();
  if (!/^[\x21-\x7e]*$/.test(text))
    throw new ApiError(
      'TOKEN_REFUSED',
      'the token holds a character that no header can carry: check it for spaces and line ends',
    );
  return text;
}

function collect(response: http.IncomingMessage, most: number): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const chunks: Buffer[] = [];
  let size = 0;
  response.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size > most) reject(new TooBig());
    else chunks.push(chunk);
  });
  response.on('end', () => resolve(Buffer.concat(chunks, size).toString('utf8')));
  response.on('error', reject);
  return promise;
}

const where = (call: Call): string => `${call.method} ${call.path}`;

export function timeoutError(call: Call, address: string, timeout: number): ApiError {
  return new ApiError('TIMEOUT', `no answer to ${where(call)} from ${address} within ${timeout / 1000} s`);
}

export function tooBigError(call: Call): ApiError {
  const most = (call.maxAnswer ?? defaultMaxAnswer) / 1024 / 1024;
  return new ApiError('BAD_ANSWER', `the answer to ${where(call)} is bigger than ${most} MiB`);
}

export function closedError(): ApiError {
  return new ApiError('UNREACHABLE', 'the client was closed');
}
