/** What the contract needs: an engine to judge, certificates to judge it with, and plain sockets at both ends. */

import { once } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import type { Identity, Instance, Roots } from '../../mtls/index.ts';
import type { BindAddress, DataPlane, DataPlaneEvent, InboundListener, OutboundListener } from '../data-plane.ts';

/** Given by whoever runs the contract. */
export interface Subject {
  /** `askTimeout` in milliseconds; `eventCapacity` as the engine documents it. */
  startEngine(options?: { readonly askTimeout?: number; readonly eventCapacity?: number }): DataPlane;
  createCa(options?: { readonly trustDomain?: string }): Promise<TestCa>;
}

export interface TestCa {
  readonly trustDomain: string;
  readonly roots: Roots;
  issue(
    service: string,
    options?: { readonly uriSans?: readonly string[]; readonly notBefore?: number; readonly notAfter?: number },
  ): Promise<Identity>;
  rotate(): Promise<void>;
}

type Kind = DataPlaneEvent['kind'];
type EventOf<K extends Kind> = Extract<DataPlaneEvent, { kind: K }>;

/** An engine whose events are read as they come. */
export class Watched implements AsyncDisposable {
  readonly engine: DataPlane;
  readonly #seen: DataPlaneEvent[] = [];
  readonly #reading: Promise<void>;
  #wake: (() => void)[] = [];
  #taken = new Set<DataPlaneEvent>();

  constructor(engine: DataPlane) {
    this.engine = engine;
    this.#reading = this.#read();
  }

  /** The first event of that kind, past or to come, that was not taken before. */
  async next<K extends Kind>(kind: K, accept: (event: EventOf<K>) => boolean = () => true): Promise<EventOf<K>> {
    for (;;) {
      const found = this.#seen.find(
        (event): event is EventOf<K> => event.kind === kind && !this.#taken.has(event) && accept(event as EventOf<K>),
      );
      if (found !== undefined) {
        this.#taken.add(found);
        return found;
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  count(kind: Kind): number {
    return this.#seen.filter((event) => event.kind === kind).length;
  }

  /** Where a listener is bound. */
  async address(listener: string): Promise<{ host: string; port: number }> {
    const bound = await this.next('listener bound', (event) => event.listener === listener);
    if ('path' in bound.address) throw new Error('bound to a path');
    return bound.address;
  }

  /** At once; and all events have been read. */
  async cut(): Promise<void> {
    await this.engine.close({ signal: AbortSignal.abort() });
    await this.#reading;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.cut();
  }

  async #read(): Promise<void> {
    for await (const event of this.engine.events()) {
      this.#seen.push(event);
      for (const wake of this.#wake.splice(0)) wake();
    }
  }
}

/** A plain TCP server on a free port (or a path), whose sockets are half-open and end with it. */
export class Application implements AsyncDisposable {
  readonly server: net.Server;
  readonly sockets: net.Socket[] = [];

  constructor(handle: (socket: net.Socket) => void) {
    this.server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      this.sockets.push(socket);
      socket.on('error', () => undefined);
      handle(socket);
    });
  }

  static async start(handle: (socket: net.Socket) => void, path?: string): Promise<Application> {
    const application = new Application(handle);
    application.server.listen(path === undefined ? { host: '127.0.0.1', port: 0 } : { path });
    await once(application.server, 'listening');
    return application;
  }

  get port(): number {
    return (this.server.address() as net.AddressInfo).port;
  }

  get dialled(): { host: string; port: number } {
    return { host: '127.0.0.1', port: this.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    if (this.server.listening) await once(this.server, 'close');
  }
}

export const echo = (socket: net.Socket): void => void socket.pipe(socket);

const loopback: BindAddress = { host: '127.0.0.1', port: 0 };

export function inbound(
  localService: InboundListener['localService'],
  changes: Partial<InboundListener> = {},
): InboundListener {
  return {
    role: 'inbound',
    bind: loopback,
    localService,
    protocol: 'tcp',
    handshakeTimeout: 5_000,
    localConnectTimeout: 2_000,
    maxConnections: 2_000,
    ...changes,
  };
}

export function outbound(upstream: string, changes: Partial<OutboundListener> = {}): OutboundListener {
  return {
    role: 'outbound',
    bind: loopback,
    upstream,
    protocol: 'tcp',
    connectTimeout: 5_000,
    maxConnections: 2_000,
    ...changes,
  };
}

export function instanceAt(
  address: { host: string; port: number },
  spiffeId: string,
  id = `node/${address.port}`,
): Instance {
  return { id, ...address, spiffeId, weight: 1 };
}

/** Everybody may connect, or nobody. */
export function defaultPolicy(kind: 'allow' | 'deny'): {
  kind: 'authorization';
  authorization: { kind: 'table'; rules: []; otherwise: { kind: 'allow' | 'deny'; reason: string } };
} {
  return {
    kind: 'authorization',
    authorization: { kind: 'table', rules: [], otherwise: { kind, reason: `default ${kind}` } },
  };
}

/** An engine of its own in front of `localService`, ready, allowing everybody. */
export async function startInboundEngine(
  subject: Subject,
  ca: TestCa,
  localService: InboundListener['localService'],
  changes: Partial<InboundListener> = {},
): Promise<Watched> {
  const watched = new Watched(subject.startEngine());
  watched.engine.set({ kind: 'identity', identity: await ca.issue('api') });
  watched.engine.set({ kind: 'roots', roots: ca.roots });
  watched.engine.set(defaultPolicy('allow'));
  watched.engine.set({ kind: 'listener', name: 'inbound', listener: inbound(localService, changes) });
  return watched;
}

/** A peer that speaks TLS by itself. `presented` absent: it has no certificate. */
export function dialAsPeer(
  address: { host: string; port: number },
  presented: Identity | undefined,
  options: tls.ConnectionOptions = {},
): tls.TLSSocket {
  const proof = presented && { cert: presented.chain, key: presented.key.reveal() };
  const socket = tls.connect({
    ...address,
    ...proof,
    rejectUnauthorized: false,
    allowHalfOpen: true,
    ...options,
  } as tls.ConnectionOptions);
  socket.on('error', () => undefined);
  return socket;
}

/** A plain connection, as an application makes it. */
export function connectTo(address: { host: string; port: number } | { path: string }): net.Socket {
  return net.connect({ ...address, allowHalfOpen: true, noDelay: true }).on('error', () => undefined);
}

/** How the other side ended it, once it has. What was sent before is read and dropped. */
export function ending(socket: net.Socket): Promise<'ended' | 'reset'> {
  return new Promise((resolve) => {
    socket.resume();
    socket.once('end', () => resolve('ended'));
    socket.once('error', () => resolve('reset'));
    socket.once('close', () => resolve('reset'));
  });
}

/** All that came until the end. Rejects when it ends otherwise. */
export function readAll(socket: net.Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.once('end', () => resolve(Buffer.concat(chunks)));
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed before its end')));
  });
}

/** Sends a line and waits for the same bytes to come back: the connection works both ways. */
export async function roundTrip(socket: net.Socket, text = 'ping'): Promise<void> {
  let got = '';
  socket.write(text);
  while (got.length < text.length) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    got += chunk.toString();
  }
  if (got !== text) throw new Error(`sent ${JSON.stringify(text)}, got ${JSON.stringify(got)}`);
}
