/** The sidecar: wires a configuration that changes and a service's live state to the data plane. */

import { createSecureContext } from 'node:tls';
import type { ConsulClient } from '../api/index.ts';
import {
  Cell,
  type Closable,
  type CloseOptions,
  exponentialBackoff,
  InputError,
  messageOf,
  type Runtime,
} from '../base/index.ts';
import type { TlsSettings } from '../mtls/index.ts';
import { type BindAddress, type Connection, type DataPlane, startNodeEngine } from '../relay/index.ts';
import { defaultSettings, type ProxyConfig, type ProxySettings } from './config.ts';
import { type Sourced, watchConfig } from './config-source.ts';
import { EventReader } from './event-reader.ts';
import type { ConfigOrigin } from './flag-config.ts';
import { declareMetrics, type ProxyMetrics } from './metrics.ts';
import { ProxyProblems } from './problems.ts';
import { type Certificates, certificatesOf, missingFor, type Readiness } from './readiness.ts';
import { nothing, type Plan, planOf, reconcile } from './reconcile.ts';
import { startRegistration } from './registration.ts';
import { ServiceFollower } from './service-follower.ts';
import { type SummaryLine, summaryOf } from './summary.ts';

export interface ProxyOptions {
  readonly origin: ConfigOrigin;
  /** Stays the caller's. */
  readonly client: ConsulClient;
  readonly settings?: Partial<ProxySettings>;
}

export interface Proxy extends Closable {
  /** For whoever starts it. Undefined until there is a configuration; another one with each change. */
  readonly summary: Cell<readonly SummaryLine[] | undefined>;
  readonly ready: Cell<boolean>;
  /** Where each listener is bound, by name: `inbound`, `db on 127.0.0.1:9191`. */
  readonly addresses: Cell<ReadonlyMap<string, BindAddress>>;
  readiness(): Readiness;
  connections(): readonly Connection[];
  certificates(): Certificates;
  /** What it does now, without a secret. */
  effectiveConfig(): object;
  /** Brings the metrics up to date; they are otherwise every five seconds. */
  sampleMetrics(): void;
  /** Why it ended: undefined when it was closed. Never rejects. */
  readonly closed: Promise<Error | undefined>;
}

/** Milliseconds. */
const sampleInterval = 5_000;

/** Throws an `InputError` for settings that can't be used. An agent that is away, or a name that is not registered yet, is waited for. */
export async function startProxy(options: ProxyOptions, runtime: Runtime): Promise<Proxy> {
  const settings: ProxySettings = { ...defaultSettings, ...options.settings };
  checkTls(settings.tls);
  return new Sidecar(options, settings, runtime);
}

class Sidecar implements Proxy {
  readonly summary: Proxy['summary'] = new Cell<readonly SummaryLine[] | undefined>(undefined);
  readonly ready: Cell<boolean> = new Cell(false);
  readonly closed: Promise<Error | undefined>;
  readonly #origin: ConfigOrigin;
  readonly #settings: ProxySettings;
  readonly #runtime: Runtime;
  readonly #metrics: ProxyMetrics;
  readonly #problems: ProxyProblems;
  readonly #dataPlane: DataPlane;
  readonly #follower: ServiceFollower;
  readonly #events: EventReader;
  readonly #registration: Closable | undefined;
  readonly #stopping = new AbortController();
  readonly #drainOver = new AbortController();
  readonly #reading: Promise<void>;
  readonly #running: Promise<unknown>;
  #config: ProxyConfig | undefined;
  #plan: Plan | undefined;
  #listenerFailures = 0;
  #fatal: Error | undefined;
  #closing: Promise<void> | undefined;
  readonly #ended: () => void;

  constructor({ origin, client }: ProxyOptions, settings: ProxySettings, runtime: Runtime) {
    this.#origin = origin;
    this.#settings = settings;
    this.#runtime = runtime;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#ended = resolve;
    this.closed = promise.then(() => this.#fatal);
    this.#metrics = declareMetrics(runtime.metrics);
    this.#problems = new ProxyProblems(runtime.log);
    this.#dataPlane = startNodeEngine(runtime);
    this.#dataPlane.set({ kind: 'tls', tls: settings.tls });
    this.#follower = new ServiceFollower({
      client,
      runtime,
      dataPlane: this.#dataPlane,
      authorization: settings.authorization,
      onChange: () => this.#reviewReadiness(),
    });
    this.#events = new EventReader({
      dataPlane: this.#dataPlane,
      log: runtime.log,
      metrics: this.#metrics,
      problems: this.#problems,
      ask: (peer) => this.#follower.ask(peer),
      onListenerFailed: (name) => void this.#retryListener(name),
    });
    this.#events.addresses.subscribe(() => this.#reviewReadiness());
    if (origin.kind === 'flags' && origin.registration !== undefined)
      this.#registration = startRegistration({
        registration: origin.registration,
        client,
        runtime,
        ready: this.ready,
        problems: this.#problems,
      });
    this.#reading = this.#events.read();
    this.#running = Promise.all([this.#followConfig(client), this.#sampleForLong()]);
  }

  get addresses(): Proxy['addresses'] {
    return this.#events.addresses;
  }

  readiness(): Readiness {
    const missing = missingFor(this.#plan, this.#follower.state, this.#events.addresses.value);
    const ofService = this.#follower.state?.problems.value ?? [];
    const problems = [...this.#problems.cell.value, ...ofService].map(({ what, reason }) => ({ what, reason }));
    return { ready: missing.length === 0, missing, problems };
  }

  connections(): readonly Connection[] {
    return this.#dataPlane.connections();
  }

  certificates(): Certificates {
    return certificatesOf(this.#follower.state);
  }

  effectiveConfig(): object {
    const { kind } = this.#origin;
    return { origin: kind, settings: this.#settings, ...(this.#config ?? {}) };
  }

  sampleMetrics(): void {
    this.#metrics.sample(this.#dataPlane.counters());
    const notAfter = this.#follower.state?.identity.value?.notAfter;
    if (notAfter !== undefined) this.#metrics.leafExpiry.set(notAfter / 1_000);
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

  /** Out of the catalog first, then no new connections; what the live ones need stays to the end. */
  async #drain(): Promise<void> {
    this.#stopping.abort();
    this.#runtime.log.info('proxy draining', { connections: this.connections().length });
    this.#reviewReadiness();
    await this.#registration?.close();
    await this.#dataPlane.close({ signal: this.#drainOver.signal });
    await Promise.all([this.#running, this.#reading]);
    this.sampleMetrics();
    await this.#follower.close();
    this.#ended();
  }

  /** Never rejects. */
  async #followConfig(client: ConsulClient): Promise<void> {
    const { signal } = this.#stopping;
    const onTrouble = (error?: unknown): void => {
      if (error === undefined) this.#problems.clear('configuration source');
      else this.#problems.report('configuration source', error);
    };
    try {
      for await (const sourced of watchConfig(this.#origin, { client, runtime: this.#runtime, signal, onTrouble })) {
        if (signal.aborted) return;
        await this.#apply(sourced);
      }
    } catch (error) {
      this.#fatal = error instanceof Error ? error : new Error(messageOf(error));
      void this.close({ signal: AbortSignal.abort() });
    }
  }

  async #apply({ config, proxyId, errors }: Sourced): Promise<void> {
    if (errors.length === 0) this.#problems.clear('configuration');
    else this.#problems.report('configuration', new Error(errors.map(messageOf).join('; ')));
    if (config === undefined) return;
    this.#config = config;
    await this.#follower.use(config.service);
    const wanted = planOf(config, this.#settings);
    const changes = reconcile(this.#plan ?? nothing, wanted);
    this.#plan = wanted;
    for (const removal of changes.remove) {
      this.#dataPlane.remove(removal);
      if (removal.kind === 'listener') this.#events.forget(removal.name);
    }
    for (const upstream of changes.unfollow) await this.#follower.unfollow(upstream);
    for (const target of changes.follow) this.#follower.follow(target);
    for (const resource of changes.set) {
      if (resource.kind === 'listener') this.#events.forget(resource.name);
      this.#dataPlane.set(resource);
    }
    this.summary.set(summaryOf(this.#origin, config, this.#settings, proxyId));
    this.#runtime.log.info('configuration applied', {
      service: config.service,
      listeners: [...wanted.listeners.keys()],
    });
    this.#reviewReadiness();
  }

  /** A port that is taken may be free later. */
  async #retryListener(name: string): Promise<void> {
    const listener = this.#plan?.listeners.get(name);
    this.#listenerFailures += 1;
    const pause = exponentialBackoff(1_000, 15_000, this.#runtime.random)(this.#listenerFailures);
    await this.#runtime.clock.sleep(pause, this.#stopping.signal);
    if (listener === undefined || this.#stopping.signal.aborted || this.#plan?.listeners.get(name) !== listener) return;
    this.#dataPlane.remove({ kind: 'listener', name });
    this.#dataPlane.set({ kind: 'listener', name, listener });
  }

  #reviewReadiness(): void {
    const { missing } = this.readiness();
    const isReady = missing.length === 0 && !this.#stopping.signal.aborted;
    if (isReady && !this.ready.value) this.#runtime.log.info('proxy ready', { service: this.#config?.service });
    if (missing.length > 0 && this.ready.value) this.#runtime.log.warn('proxy not ready', { missing });
    this.#metrics.ready.set(isReady ? 1 : 0);
    this.ready.set(isReady);
  }

  async #sampleForLong(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.sampleMetrics();
      await this.#runtime.clock.sleep(sampleInterval, this.#stopping.signal);
    }
  }
}

/** What the TLS library does not understand would otherwise show when the first certificate comes. */
function checkTls({ ciphers, groups, minVersion }: TlsSettings): void {
  try {
    createSecureContext({
      minVersion,
      ...(ciphers !== undefined && { ciphers }),
      ...(groups !== undefined && { ecdhCurve: groups }),
    });
  } catch (error) {
    throw new InputError('tls', `the TLS library can't use these settings: ${messageOf(error)}`, { cause: error });
  }
}
