/** The data plane in this process, in TypeScript: holds what was set last and hands it to the listeners. */

import { isDeepStrictEqual } from 'node:util';
import { Cell, type CloseOptions, type Runtime } from '../../base/index.ts';
import {
  type Decision,
  defaultTls,
  Gatekeeper,
  type Identity,
  type MtlsState,
  type Roots,
  type TlsSettings,
} from '../../mtls/index.ts';
import type {
  Connection,
  Counters,
  DataPlane,
  DataPlaneEvent,
  InboundListener,
  Listener,
  OutboundListener,
  Removal,
  Resource,
} from '../data-plane.ts';
import { Connections } from './connections.ts';
import { Endpoints } from './endpoints.ts';
import { EventQueue } from './event-queue.ts';
import { startInbound } from './inbound.ts';
import type { RunningListener } from './listener.ts';
import { startOutbound } from './outbound.ts';
import { Questions } from './questions.ts';

export interface NodeEngineOptions {
  /** Milliseconds for the answer to a question. Default 10 s. */
  readonly askTimeout?: number;
  /** Events about connections that wait for their reader; what comes beyond is dropped and counted. Default 10 000. */
  readonly eventCapacity?: number;
}

/** Does nothing until it is told to. */
export function startNodeEngine(runtime: Runtime, options: NodeEngineOptions = {}): DataPlane {
  return new NodeEngine(runtime, options);
}

interface Running extends RunningListener {
  readonly role: Listener['role'];
}

const roles = ['inbound', 'outbound'] as const;

class NodeEngine implements DataPlane {
  readonly capabilities: DataPlane['capabilities'] = { protocols: ['tcp'] };
  readonly #runtime: Runtime;
  readonly #events: EventQueue;
  readonly #connections: Connections;
  readonly #questions: Questions;
  readonly #gatekeeper: Gatekeeper;

  /** As it was set last, to tell what changes nothing. */
  readonly #resources = new Map<string, Resource>();
  #identity: Identity | undefined;
  #roots: Roots | undefined;
  #tls: TlsSettings = defaultTls;
  readonly #state = new Cell<MtlsState | undefined>(undefined);
  readonly #endpoints = new Map<string, Endpoints>();
  readonly #listeners = new Map<string, Running>();
  /** Replaced or removed, with connections that still live. */
  readonly #draining = new Set<Running>();

  #closing: Promise<void> | undefined;
  readonly #drainOver = new AbortController();

  constructor(runtime: Runtime, options: NodeEngineOptions) {
    this.#runtime = runtime;
    this.#events = new EventQueue(options.eventCapacity ?? 10_000);
    this.#connections = new Connections(runtime.clock, this.#tell);
    this.#questions = new Questions((id, peer) => this.#tell({ kind: 'question', id, peer }));
    this.#gatekeeper = new Gatekeeper({
      clock: runtime.clock,
      random: runtime.random,
      ask: (peer, signal) => this.#questions.ask(peer, signal),
      askTimeout: options.askTimeout ?? 10_000,
    });
  }

  set(resource: Resource): void {
    const key = keyOf(resource);
    if (isDeepStrictEqual(this.#resources.get(key), resource)) return;
    this.#resources.set(key, resource);
    switch (resource.kind) {
      case 'identity':
        this.#identity = resource.identity;
        this.#renewState();
        break;
      case 'roots':
        this.#roots = resource.roots;
        this.#renewState();
        break;
      case 'tls':
        this.#tls = resource.tls;
        this.#renewState();
        break;
      case 'authorization':
        this.#gatekeeper.set(resource.authorization);
        break;
      case 'endpoints':
        this.#endpointsOf(resource.upstream).set(resource.instances);
        break;
      case 'listener':
        this.#replaceListener(resource.name, resource.listener);
        break;
    }
  }

  remove(removal: Removal): void {
    this.#resources.delete(keyOf(removal));
    if (removal.kind === 'listener') this.#stopListener(removal.name);
    else this.#forgetEndpoints(removal.upstream);
  }

  events(): AsyncIterable<DataPlaneEvent> {
    return this.#events.read();
  }

  answer(question: number, decision: Decision | undefined): void {
    this.#questions.answer(question, decision);
  }

  counters(): Counters {
    return this.#connections.counters();
  }

  connections(): readonly Connection[] {
    return this.#connections.list();
  }

  close({ signal }: CloseOptions = {}): Promise<void> {
    if (signal?.aborted) this.#drainOver.abort();
    else signal?.addEventListener('abort', () => this.#drainOver.abort(), { once: true });
    this.#closing ??= this.#drain();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #tell = (event: DataPlaneEvent): void => this.#events.push(event);

  #renewState(): void {
    const [identity, roots, tls] = [this.#identity, this.#roots, this.#tls];
    this.#state.set(identity && roots && { identity, roots, tls });
  }

  #endpointsOf(upstream: string): Endpoints {
    const endpoints = this.#endpoints.get(upstream) ?? new Endpoints(this.#runtime.clock);
    this.#endpoints.set(upstream, endpoints);
    return endpoints;
  }

  #forgetEndpoints(upstream: string): void {
    this.#endpoints.get(upstream)?.set(undefined);
    this.#endpoints.delete(upstream);
  }

  #replaceListener(name: string, listener: Listener): void {
    if (this.#closing !== undefined) return;
    this.#stopListener(name);
    const running =
      listener.role === 'inbound' ? this.#startInbound(name, listener) : this.#startOutbound(name, listener);
    this.#listeners.set(name, running);
  }

  #startInbound(name: string, listener: InboundListener): Running {
    const running = startInbound(name, listener, this.#state, {
      gatekeeper: this.#gatekeeper,
      connections: this.#connections,
      tell: this.#tell,
    });
    return { ...running, role: 'inbound' };
  }

  #startOutbound(name: string, listener: OutboundListener): Running {
    const running = startOutbound(name, listener, {
      runtime: this.#runtime,
      connections: this.#connections,
      tell: this.#tell,
      state: this.#state,
      // Looked up for each connection, because endpoints may be removed and set again under the same name.
      endpoints: () => this.#endpointsOf(listener.upstream),
    });
    return { ...running, role: 'outbound' };
  }

  #stopListener(name: string): void {
    const running = this.#listeners.get(name);
    if (running === undefined) return;
    this.#listeners.delete(name);
    this.#draining.add(running);
    void running.stop().then(() => this.#draining.delete(running));
  }

  /** Inbound first: whoever finishes work for a peer may still need its upstreams. Never rejects. */
  async #drain(): Promise<void> {
    for (const role of roles) {
      const ending = [...this.#listeners.values(), ...this.#draining].filter((running) => running.role === role);
      const stopped = Promise.all(ending.map((running) => running.stop()));
      const cut = (): void => {
        this.#connections.cutAll(role, 'the time to drain was over');
        for (const running of ending) running.cut();
      };
      this.#drainOver.signal.addEventListener('abort', cut, { once: true });
      if (this.#drainOver.signal.aborted) cut();
      await stopped;
      await this.#connections.whenNone(role);
      this.#drainOver.signal.removeEventListener('abort', cut);
    }
    this.#gatekeeper.close();
    this.#events.end();
  }
}

function keyOf(named: Resource | Removal): string {
  switch (named.kind) {
    case 'listener':
      return `listener ${named.name}`;
    case 'endpoints':
      return `endpoints ${named.upstream}`;
    default:
      return named.kind;
  }
}
