/** The agent's CA as a running thing: roots and configuration, leafs for its services, old roots dropped when nobody needs them. */

import { randomUUID } from 'node:crypto';
import { type Closable, type CloseOptions, InputError, messageOf, type Runtime } from '../../base/index.ts';
import { formatPrivateKey, generateKey } from '../../issuing/index.ts';
import type { Store } from '../state/store.ts';
import type { Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { Authority, type CaConfigUpdate, type CaRoot, readClusterId } from './authority.ts';
import { builtInName } from './built-in-provider.ts';
import { configWithout, defaultConfig, inApiSpelling, shortestLeafTtl } from './ca-config.ts';
import { CsrLimit } from './csr-limit.ts';
import { type LeafInUse, LeafIssuer } from './leaf-issuer.ts';

export interface CaOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly datacenter: string;
  /** Fixes the trust domain of a store without a CA; of another store it must be the one it has. Absent: a new one. */
  readonly clusterId?: string;
  /** The CA's configuration until one is put over the API, in its spelling or that of files; see `defaultConfig` for the rest. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Shortest life that leafs may be configured to, in milliseconds; an hour when absent. */
  readonly minLeafTtl?: number;
  /** How many leafs are kept; 10 000 when absent. */
  readonly mostLeafs?: number;
}

export interface Ca extends Closable {
  /** `<uuid>.consul`. */
  readonly trustDomain: string;
  /** All that are trusted, by ID. */
  roots(): CaRoot[];
  /** As it was put, without the key. */
  configuration(): Row<'caConfig'>;
  /** Resolves when it is on disk. Rejects with CaError `CONFIG_REFUSED`; nothing has changed then. */
  setConfiguration(update: CaConfigUpdate): Promise<void>;
  /** Changes to a root with a new key of the same kind. */
  rotateRoot(): Promise<void>;
  /** Rejects with a CaError. The caller has checked that whoever asks may have this leaf. Dispose of it when its reader is served. */
  useLeaf(service: string): Promise<LeafInUse>;
}

const hour = 3_600_000;

/** Makes a root in a store that has none. Throws an InputError when `clusterId` or `config` can't be. */
export async function startCa(options: CaOptions): Promise<Ca> {
  const { store, runtime, datacenter, minLeafTtl = shortestLeafTtl } = options;
  const clusterId = chooseClusterId(readClusterId(store), options.clusterId);
  const authority = new Authority({ store, clock: runtime.clock, datacenter, clusterId, minLeafTtl });
  if (!authority.isReady) {
    const config = { ...defaultConfig, ...inApiSpelling(options.config ?? {}) };
    await authority.configure({ provider: builtInName, config, state: null, forceWithoutCrossSigning: false });
    runtime.log.info('ca created', { trustDomain: authority.trustDomain, root: authority.activeRoot.id });
  }
  return new RunningCa(options, authority);
}

function chooseClusterId(stored: string | undefined, wanted: string | undefined): string {
  if (wanted !== undefined && !/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(wanted))
    throw new InputError('cluster_id', 'expected a UUID');
  if (stored !== undefined && wanted !== undefined && stored.toLowerCase() !== wanted.toLowerCase())
    throw new InputError('cluster_id', `the data directory belongs to ${stored}, whose leafs would be trusted no more`);
  return stored ?? wanted ?? randomUUID();
}

class RunningCa implements Ca {
  readonly #store: Store;
  readonly #runtime: Runtime;
  readonly #authority: Authority;
  readonly #leafs: LeafIssuer;
  readonly #closing = new AbortController();
  readonly #running: Promise<unknown>;

  constructor({ store, runtime, datacenter, mostLeafs }: CaOptions, authority: Authority) {
    this.#store = store;
    this.#runtime = runtime;
    this.#authority = authority;
    const limit = new CsrLimit(runtime.clock, () => ({
      perSecond: authority.settings.csrMaxPerSecond,
      concurrent: authority.settings.csrMaxConcurrent,
    }));
    this.#leafs = new LeafIssuer({
      store,
      runtime,
      datacenter,
      trustDomain: authority.trustDomain,
      certify: (csr) => authority.certify(csr),
      inTurn: (make) => limit.run(make),
      activeRoot: () => authority.activeRoot,
      ...(mostLeafs === undefined ? {} : { mostLeafs }),
    });
    this.#running = Promise.all([this.#dropOldRoots(), this.#issueAhead()]);
  }

  get trustDomain(): string {
    return this.#authority.trustDomain;
  }

  roots(): CaRoot[] {
    return this.#authority.roots();
  }

  configuration(): Row<'caConfig'> {
    return this.#authority.configuration();
  }

  async setConfiguration(update: CaConfigUpdate): Promise<void> {
    const before = this.#authority.activeRoot.id;
    await this.#authority.configure(update);
    const root = this.#authority.activeRoot.id;
    if (root === before) return;
    this.#runtime.log.info('ca root rotated', { root, before });
    this.#leafs.reschedule();
  }

  async rotateRoot(): Promise<void> {
    const { provider, config, state, forceWithoutCrossSigning } = this.configuration();
    const { privateKeyType, privateKeyBits } = this.roots().find(({ active }) => active) ?? {};
    const kind = { type: privateKeyType === 'rsa' ? 'rsa' : 'ec', bits: privateKeyBits ?? 256 } as const;
    const PrivateKey = formatPrivateKey(await generateKey(kind)).reveal();
    await this.setConfiguration({
      provider,
      config: { ...configWithout(config, 'RootCert'), PrivateKey },
      state,
      forceWithoutCrossSigning,
    });
  }

  useLeaf(service: string): Promise<LeafInUse> {
    return this.#leafs.use(service);
  }

  async close(_options?: CloseOptions): Promise<void> {
    this.#closing.abort();
    await Promise.all([this.#running, this.#leafs.close()]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #dropOldRoots(): Promise<void> {
    const { clock, log } = this.#runtime;
    while (!this.#closing.signal.aborted) {
      try {
        const dropped = await this.#authority.dropOutlivedRoots();
        if (dropped > 0) log.info('old ca roots dropped', { dropped });
      } catch (error) {
        log.warn('old ca roots could not be dropped', { error: messageOf(error) });
      }
      await clock.sleep(hour, this.#closing.signal);
    }
  }

  /** A sidecar that is registered here will ask for its leaf in a moment: it finds one. */
  async #issueAhead(): Promise<void> {
    let done: ReadonlySet<string> = new Set();
    while (!this.#closing.signal.aborted) {
      const seen = this.#store.indexOf([topic.services]);
      const wanted = new Set<string>();
      for (const { kind, local, proxy } of this.#store.table('services').values()) {
        if (kind === 'connect-proxy' && local !== undefined && proxy !== undefined)
          wanted.add(proxy.destinationServiceName);
      }
      for (const service of wanted) {
        if (this.#closing.signal.aborted) return;
        if (!done.has(service)) await this.#tryToIssue(service);
      }
      done = wanted;
      await this.#store.waitForChange([topic.services], seen, this.#closing.signal);
    }
  }

  async #tryToIssue(service: string): Promise<void> {
    try {
      using _ = await this.useLeaf(service);
    } catch (error) {
      this.#runtime.log.debug('leaf not issued ahead', { service, error: messageOf(error) }); // whoever asks for it hears why
    }
  }
}
