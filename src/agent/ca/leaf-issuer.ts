/**
 * The leafs of this agent's services: key and CSR made here, signed by the CA, kept in memory and nowhere else, renewed while somebody asks
 * for them. Every issue moves the index of the leaf's topic, so that who waits for the next one gets it at once.
 */

import { type Counter, type Gauge, messageOf, type Runtime, type Secret } from '../../base/index.ts';
import { defaultKeyKind, formatPrivateKey, generateKey, leafName, makeCsr } from '../../issuing/index.ts';
import { formatServiceId } from '../../pki/index.ts';
import type { Store, Transaction } from '../state/store.ts';
import { topic } from '../state/topics.ts';
import { CaError } from './ca-error.ts';
import { type ActiveRoot, isLive, type LeafTimes, nextStep } from './leaf-schedule.ts';

export interface IssuedLeaf {
  readonly service: string;
  readonly spiffeId: string;
  /** Colon-separated hex. */
  readonly serial: string;
  /** PEM, the leaf first, then the intermediates of its root. */
  readonly chain: string;
  readonly key: Secret;
  /** Milliseconds since the epoch, as are the two below. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly issuedAt: number;
  /** Of the root that signed it. */
  readonly rootId: string;
  /** The store's count at its issue. */
  readonly index: number;
}

/** What came back for a CSR. */
export type Certified = Pick<IssuedLeaf, 'serial' | 'chain' | 'notBefore' | 'notAfter' | 'rootId'> & {
  /** Rows that must be written in the same step as the leaf becomes visible. */
  readonly record: (tx: Transaction) => void;
};

/** A reader's hold on a leaf: it is kept and renewed until disposed of. */
export interface LeafInUse extends Disposable {
  /** The newest. */
  readonly leaf: IssuedLeaf;
  /** It was there before this reader came. */
  readonly wasCached: boolean;
}

export interface LeafIssuerOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly datacenter: string;
  readonly trustDomain: string;
  /** Asks the CA to sign. Rejects with a CaError when it refuses. */
  readonly certify: (csr: string) => Promise<Certified>;
  /** Runs `make` when it is this leaf's turn, or rejects with a CaError when too many wait: before any work is put into it. */
  readonly inTurn: <T>(make: () => Promise<T>) => Promise<T>;
  readonly activeRoot: () => ActiveRoot;
  /** How many leafs are kept; beyond it the one that was asked for longest ago goes, unless somebody waits for it. */
  readonly mostLeafs?: number;
}

/** Between two looks at the clock and at all leafs, in milliseconds. */
const longestSleep = 30_000;
const shortestSleep = 100;

export class LeafIssuer {
  readonly #options: LeafIssuerOptions;
  /** In the order in which they were last asked for. */
  readonly #entries = new Map<string, Entry>();
  readonly #issuing = new Map<string, Promise<Entry>>();
  readonly #closing = new AbortController();
  #sleeping = new AbortController();
  #wakesAt = 0;
  readonly #issues: Counter;
  readonly #kept: Gauge;
  readonly #running: Promise<void>;

  /** Renews in the background until it is closed. */
  constructor(options: LeafIssuerOptions) {
    this.#options = options;
    const { metrics } = options.runtime;
    this.#issues = metrics.counter('connect_leaf_issues_total', 'Leafs that were asked of the CA, by result', [
      'result',
    ]);
    this.#kept = metrics.gauge('connect_leafs_kept', 'Leafs kept in memory and renewed');
    this.#running = this.#renewAll();
  }

  /**
   * The leaf of `service`, issued now if there is none that peers would accept. One issue serves all who ask meanwhile.
   * Rejects with a CaError.
   */
  async use(service: string): Promise<LeafInUse> {
    const cached = this.#entries.get(service);
    const isUsable = cached !== undefined && isLive(cached.leaf, this.#now());
    const entry = isUsable ? cached : await this.#issueOnce(service);
    entry.users += 1;
    this.#noteAsked(service, entry);
    return {
      get leaf() {
        return entry.leaf;
      },
      wasCached: isUsable,
      [Symbol.dispose]: () => {
        entry.users -= 1;
        this.#noteAsked(service, entry);
      },
    };
  }

  /** Looks again at what has to be renewed: the active root has changed. */
  reschedule(): void {
    this.#sleeping.abort();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#sleeping.abort();
    await this.#running;
    await Promise.allSettled(this.#issuing.values());
  }

  #now(): number {
    return this.#options.runtime.clock.now();
  }

  #noteAsked(service: string, entry: Entry): void {
    entry.lastAsked = this.#now();
    if (this.#entries.get(service) !== entry) return; // another has taken its place
    this.#entries.delete(service);
    this.#entries.set(service, entry);
  }

  #issueOnce(service: string): Promise<Entry> {
    const underWay = this.#issuing.get(service);
    if (underWay !== undefined) return underWay;
    const issuing = this.#issueAndCount(service).finally(() => this.#issuing.delete(service));
    this.#issuing.set(service, issuing);
    return issuing;
  }

  async #issueAndCount(service: string): Promise<Entry> {
    try {
      const entry = await this.#issue(service);
      this.#issues.add(1, { result: 'issued' });
      this.#kept.set(this.#entries.size);
      return entry;
    } catch (error) {
      this.#issues.add(1, { result: error instanceof CaError && error.code === 'RATE_LIMITED' ? 'limited' : 'failed' });
      throw error;
    }
  }

  async #issue(service: string): Promise<Entry> {
    const { store, runtime, datacenter, trustDomain, inTurn } = this.#options;
    if (service.includes('/')) throw new CaError('NAME_REFUSED', nameWithSlash(service));
    const spiffeId = formatServiceId({ trustDomain, namespace: 'default', datacenter, service });
    const { key, record, ...certified } = await inTurn(() => this.#certify(service, spiffeId));
    const issuedAt = this.#now();
    if (!isLive(certified, issuedAt)) throw new Error('the CA signed a leaf that is not valid now');

    const previous = this.#entries.get(service)?.state;
    try {
      // The leaf is in its place before the write is on disk: who the write wakes must find it.
      await store.write((tx) => {
        tx.touch(topic.leaf(service));
        record(tx);
        const leaf = { ...certified, service, spiffeId, key, issuedAt, index: tx.index };
        this.#replace(service, { leaf, chance: runtime.random() });
      });
    } catch (error) {
      if (previous === undefined) this.#entries.delete(service);
      else this.#replace(service, previous);
      throw error;
    }
    const entry = this.#entries.get(service);
    if (entry === undefined) throw new Error('a leaf was dropped while it was issued');
    if (entry.failing !== undefined) runtime.log.info('leaf renewal recovered', { service });
    entry.failing = undefined;
    const step = nextStep(entry.times, this.#options.activeRoot(), issuedAt);
    if (step.kind === 'wait' && step.until < this.#wakesAt) this.#sleeping.abort();
    return entry;
  }

  async #certify(service: string, spiffeId: string): Promise<Certified & { readonly key: Secret }> {
    const { trustDomain, certify } = this.#options;
    const key = await generateKey(defaultKeyKind);
    const csr = await makeCsr({ key, commonName: leafName(service, 'default', trustDomain), uriSans: [spiffeId] });
    return { ...(await certify(csr)), key: formatPrivateKey(key) };
  }

  #replace(service: string, state: Entry['state']): void {
    const entry = this.#entries.get(service);
    if (entry !== undefined) {
      entry.state = state;
      return;
    }
    this.#makeRoom();
    this.#entries.set(service, new Entry(state, this.#now()));
  }

  #makeRoom(): void {
    const { mostLeafs = 10_000 } = this.#options;
    if (this.#entries.size < mostLeafs) return;
    for (const [service, entry] of this.#entries) {
      if (entry.users > 0 || this.#issuing.has(service)) continue;
      this.#entries.delete(service);
      return;
    }
  }

  async #renewAll(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#sleeping = new AbortController();
      const now = this.#now();
      let until = now + longestSleep;
      for (const [service, entry] of this.#entries) {
        if (this.#issuing.has(service)) continue;
        const step = nextStep(entry.times, this.#options.activeRoot(), now);
        if (step.kind === 'drop') this.#entries.delete(service);
        else if (step.kind === 'renew') void this.#renew(service, entry);
        else until = Math.min(until, step.until);
      }
      this.#kept.set(this.#entries.size);
      this.#wakesAt = Math.max(until, now + shortestSleep);
      await this.#options.runtime.clock.sleep(this.#wakesAt - now, this.#sleeping.signal);
    }
  }

  /** The old leaf is served until there is a new one. Never rejects. */
  async #renew(service: string, entry: Entry): Promise<void> {
    const { log, random } = this.#options.runtime;
    try {
      await this.#issueOnce(service);
    } catch (error) {
      const now = this.#now();
      const { since = now, count = 0 } = entry.failing ?? {};
      if (count === 0) log.warn('leaf renewal failed', { service, error: messageOf(error) });
      entry.failing = { since: Math.min(since, now), count: count + 1, chance: random() };
    }
  }
}

/** One service's leaf. */
class Entry {
  state: { readonly leaf: IssuedLeaf; readonly chance: number };
  lastAsked: number;
  users: number = 0;
  failing: LeafTimes['failing'];

  constructor(state: Entry['state'], now: number) {
    this.state = state;
    this.lastAsked = now;
  }

  get leaf(): IssuedLeaf {
    return this.state.leaf;
  }

  get times(): LeafTimes {
    const { leaf, chance } = this.state;
    const { notBefore, notAfter, rootId } = leaf;
    const { failing, lastAsked } = this;
    const isWatched = this.users > 0;
    return { notBefore, notAfter, rootId, chance, lastAsked, isWatched, ...(failing === undefined ? {} : { failing }) };
  }
}

function nameWithSlash(service: string): string {
  return `the service name ${JSON.stringify(service)} has a "/", and no certificate can carry it`;
}
