/** The object that users hold: a service of the mesh, with its own identity. */

import type { Agent, ServerOptions } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ClientTls, createClient, type FetchFunction } from '../api/index.ts';
import { type Closable, type CloseOptions, Closers, InputError, type Runtime, Secret } from '../base/index.ts';
import { defaultTls, type TlsSettings } from '../mtls/index.ts';
import type { CallerSocket, ServeOptions } from './callers.ts';
import { joinDevelopment } from './development.ts';
import { Dialer, type DialOptions, type PeerSocket } from './dial.ts';
import { ConnectError } from './errors.ts';
import { type Ground, layGround } from './ground.ts';
import { MeshHttpAgent } from './http-agent.ts';
import { type CallerHandler, CallerHttpServer } from './http-server.ts';
import { lateSocket } from './late-socket.ts';
import { type LocalListener, type LocalListenerOptions, listenLocally } from './local-listener.ts';
import type { Problem } from './problems.ts';
import { isReady, untilReady, waitUntilReady } from './readiness.ts';
import { type CallerServer, serve } from './serve.ts';
import { type ServiceState, startServiceState } from './service-state.ts';
import type { Target } from './target.ts';
import { type UndiciConnect, undiciConnect } from './undici.ts';

/** How to reach the agent. */
export interface AgentOptions {
  /** `http://host:port`, `https://host:port`, `unix:///path` or `host:port`. Default: 127.0.0.1:8500. */
  readonly address?: string;
  /** An agent in this process, asked without a socket and in place of one at `address`: `fetch` of an agent of `fairlead/agent`. */
  readonly fetch?: FetchFunction;
  /** A function is asked for each call, so that the token may change. */
  readonly token?: string | Secret | (() => Secret | undefined);
  readonly tls?: ClientTls;
  /** `user:password` for HTTP basic authentication. */
  readonly auth?: Secret;
}

export interface ServiceOptions {
  /** The name that the certificate carries. */
  readonly name: string;
  readonly agent?: AgentOptions;
  /** Where targets are looked up, unless they name another one. Default: the agent's own. */
  readonly datacenter?: string;
  /** `local`, the default, decides from intentions that are followed; `agent` asks for each connection. */
  readonly authorization?: 'local' | 'agent';
  readonly tls?: TlsSettings;
  /** Default true: resolve when the service is ready, or reject. With false the service is there at once, see `ready`. */
  readonly wait?: boolean;
  /** Milliseconds to wait for that. Default 10 s. */
  readonly waitTimeout?: number;
  /** Gives up waiting. Has no meaning later. */
  readonly signal?: AbortSignal;
  /** No agent: a CA and intentions that live as long as this process. */
  readonly development?: boolean;
}

export interface Service extends Closable {
  readonly name: string;
  /** Undefined as long as there is no certificate. */
  readonly spiffeId: string | undefined;
  /** Right now: false also after the certificate expired. */
  readonly isReady: boolean;
  /** Resolves when the service is ready for the first time; rejects when it is closed before. */
  readonly ready: Promise<void>;
  /** Resolves when the service is closed. */
  readonly closed: Promise<Error | undefined>;
  /** What is wrong now, for people. Empty when all is well. */
  readonly problems: readonly Problem[];
  /** Hands over the sockets of callers that passed chain, SPIFFE ID and intentions. */
  serve(handler: (socket: CallerSocket) => void, options?: ServeOptions): CallerServer;
  /** An HTTP server for such callers, for any framework. */
  createServer(handler?: CallerHandler, options?: ServeOptions & ServerOptions): CallerHttpServer;
  /** A socket to a healthy instance that has proved to be the target. */
  dial(target: Target, options?: DialOptions): Promise<PeerSocket>;
  /** The same for interfaces that want a stream at once; what goes wrong is the stream's error. */
  dialNow(target: Target, options?: DialOptions): Duplex;
  /** For `new undici.Agent({ connect })`. */
  readonly connect: UndiciConnect;
  /** For `http.get(url, { agent })`. */
  readonly httpAgent: Agent;
  /** A local port whose connections go to the target. */
  listen(target: Target, options: LocalListenerOptions): Promise<LocalListener>;
}

/** `adapt` adds to what is true for it, such as whom it tells where it listens. Rejects with a `ConnectError`, with `InputError` for options that can't be, or with the signal's reason. */
export async function startService(
  options: ServiceOptions,
  runtime: Runtime,
  adapt: (state: ServiceState) => ServiceState = (state) => state,
): Promise<Service> {
  if (options.name === '' || options.name.includes('/'))
    throw new InputError('name', `expected the name of a service, without "/", found ${JSON.stringify(options.name)}`);
  await using starting = new Closers();
  const state = options.development
    ? starting.add(await joinDevelopment(options.name, runtime.log))
    : starting.add(followAgent(options, runtime, starting));
  const closing = new AbortController();
  const ground = layGround(adapt(state), options.tls ?? defaultTls, runtime, closing.signal);
  starting.add(abortOnClose(closing));
  if (options.wait !== false) await waitUntilReady(ground, options.waitTimeout ?? 10_000, options.signal);
  return new RunningService(ground, starting.release());
}

function followAgent(options: ServiceOptions, runtime: Runtime, closers: Closers): ServiceState {
  const { name, agent = {}, datacenter, authorization = 'local' } = options;
  const { token, ...how } = agent;
  const client = createClient({
    address: '127.0.0.1:8500',
    ...how,
    runtime,
    ...(token === undefined ? {} : { token: tokenSource(token) }),
    ...(datacenter === undefined ? {} : { datacenter }),
  });
  closers.add(client);
  return startServiceState({ service: name, client, runtime, authorization });
}

function tokenSource(token: NonNullable<AgentOptions['token']>): () => Secret | undefined {
  if (typeof token === 'function') return token;
  const secret = typeof token === 'string' ? new Secret(token) : token;
  return () => secret;
}

function abortOnClose(controller: AbortController): Closable {
  const close = async (): Promise<void> => controller.abort(new ConnectError('CLOSED', 'the service was closed'));
  return { close, [Symbol.asyncDispose]: close };
}

class RunningService implements Service {
  readonly ready: Promise<void>;
  readonly closed: Promise<Error | undefined>;
  readonly connect: UndiciConnect;
  readonly httpAgent: Agent;
  readonly #ground: Ground;
  readonly #closers: Closers;
  readonly #dialer: Dialer;
  readonly #ended = Promise.withResolvers<Error | undefined>();

  constructor(ground: Ground, closers: Closers) {
    this.#ground = ground;
    this.#closers = closers;
    this.#dialer = new Dialer(ground);
    this.ready = untilReady(ground, ground.signal);
    this.ready.catch(() => undefined); // whoever waits is told; nobody has to wait
    this.closed = this.#ended.promise;
    this.connect = undiciConnect(this.#dialer);
    const httpAgent = new MeshHttpAgent(this.#dialer);
    this.httpAgent = httpAgent;
    closers.add(closable(async () => httpAgent.destroy()));
  }

  get name(): string {
    return this.#ground.state.service;
  }

  get spiffeId(): string | undefined {
    return this.#ground.state.identity.value?.spiffeId;
  }

  get isReady(): boolean {
    return isReady(this.#ground);
  }

  get problems(): readonly Problem[] {
    return this.#ground.state.problems.value;
  }

  serve(handler: (socket: CallerSocket) => void, options: ServeOptions = {}): CallerServer {
    this.#ground.signal.throwIfAborted();
    return this.#closers.add(serve(this.#ground, options, handler));
  }

  createServer(handler?: CallerHandler, options: ServeOptions & ServerOptions = {}): CallerHttpServer {
    this.#ground.signal.throwIfAborted();
    const server = new CallerHttpServer(this.#ground, options, handler);
    this.#closers.add(closable((closing) => closeHttp(server, closing)));
    return server;
  }

  dial(target: Target, options: DialOptions = {}): Promise<PeerSocket> {
    return this.#dialer.dial(target, options);
  }

  dialNow(target: Target, options: DialOptions = {}): Duplex {
    return lateSocket(this.#dialer.dial(target, options));
  }

  async listen(target: Target, options: LocalListenerOptions): Promise<LocalListener> {
    this.#ground.signal.throwIfAborted();
    return this.#closers.add(await listenLocally(this.#ground, this.#dialer, target, options));
  }

  async close(options?: CloseOptions): Promise<void> {
    try {
      await this.#closers.close(options);
    } finally {
      this.#ended.resolve(undefined);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function closable(close: (options: CloseOptions) => Promise<void>): Closable {
  return { close: (options = {}) => close(options), [Symbol.asyncDispose]: () => close({}) };
}

async function closeHttp(server: CallerHttpServer, { signal }: CloseOptions): Promise<void> {
  const cut = (): void => server.closeAllConnections();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  if (signal?.aborted) cut();
  else signal?.addEventListener('abort', cut, { once: true });
  await closed;
}
