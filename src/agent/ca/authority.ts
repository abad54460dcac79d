/**
 * The CA itself: trust domain, roots and configuration in the store, and the provider that signs under the active root.
 *
 * A rotation is one write: the old root retired, the new one active with what the old one vouches for it, and the new configuration. Readers
 * see either what was before or all of it.
 */

import { type Clock, messageOf } from '../../base/index.ts';
import { checkCsr } from '../../issuing/index.ts';
import { joinCertificates, readCertificate } from '../../pki/index.ts';
import type { Store, Transaction } from '../state/store.ts';
import type { Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { builtInName, createBuiltInProvider } from './built-in-provider.ts';
import { type CaSettings, checkCaState, configWithout, parseCaConfig } from './ca-config.ts';
import { CaError } from './ca-error.ts';
import type { Certified } from './leaf-issuer.ts';
import type { ActiveRoot } from './leaf-schedule.ts';
import type { CaProvider, SigningTerms } from './provider.ts';
import { activeRow, outlivedRoots, planRotation, rootIdOf } from './rotation.ts';
import { chooseSigner, createSigner, type Signer } from './signer.ts';

/** As put over the API. */
export interface CaConfigUpdate {
  readonly provider: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, string>> | null;
  readonly forceWithoutCrossSigning: boolean;
}

/** A root as it is shown: never with its key. */
export type CaRoot = Omit<Row<'caRoots'>, 'signingKey'>;

export interface AuthorityOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly datacenter: string;
  readonly clusterId: string;
  /** Shortest life that leafs may be configured to, in milliseconds. */
  readonly minLeafTtl: number;
}

/** The names of its rows among the settings. */
const clusterIdKey = 'ca.cluster-id';
const serialKey = 'ca.serial';

interface Active extends ActiveRoot {
  readonly provider: CaProvider;
  readonly signer: Signer;
  /** PEM, in the order in which they follow the leaf. */
  readonly intermediates: readonly string[];
}

export function readClusterId(store: Store): string | undefined {
  const value = store.table('settings').get(clusterIdKey)?.value;
  return typeof value === 'string' ? value : undefined;
}

export class Authority {
  readonly trustDomain: string;
  readonly #options: AuthorityOptions;
  #active: Active | undefined;
  #settings: CaSettings | undefined;
  #serial: number;
  /** Configuration changes happen one after the other. */
  #changing: Promise<unknown> = Promise.resolve();

  /** Takes up what the store holds. A store without a CA needs a first `configure`. */
  constructor(options: AuthorityOptions) {
    this.#options = options;
    this.trustDomain = `${options.clusterId.toLowerCase()}.consul`;
    const { store, clock } = options;
    this.#serial = Number(store.table('settings').get(serialKey)?.value ?? 0);
    const config = store.table('caConfig').get('');
    const row = [...store.table('caRoots').values()].find(({ active }) => active);
    if (config === undefined || row === undefined) return;
    const signer = createSigner(row.rootCert, row.signingKey);
    const provider = createBuiltInProvider(signer.certificate, signer.key);
    this.#settings = parseCaConfig(config.config, 0);
    this.#active = { id: row.id, since: clock.now(), provider, signer, intermediates: row.intermediateCerts };
  }

  get isReady(): boolean {
    return this.#active !== undefined;
  }

  get activeRoot(): ActiveRoot {
    return this.#ready().active;
  }

  get settings(): CaSettings {
    return this.#ready().settings;
  }

  /** By ID, as Consul lists them. */
  roots(): CaRoot[] {
    return [...this.#options.store.table('caRoots').values()]
      .map(({ signingKey: _, ...root }) => root)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  }

  configuration(): Row<'caConfig'> {
    const row = this.#options.store.table('caConfig').get('');
    if (row === undefined) throw new Error('the CA has no configuration yet');
    return row;
  }

  /** Resolves when everything is on disk. Rejects with CaError `CONFIG_REFUSED`, or with the store's error; nothing has changed then. */
  configure(update: CaConfigUpdate): Promise<void> {
    const change = this.#changing.then(() => this.#configure(update));
    this.#changing = change.catch(() => undefined); // the caller hears of it; the next change does not care
    return change;
  }

  /** Signs a CSR that may be signed; a CaError `NAME_REFUSED` says why another may not. */
  async certify(csr: string): Promise<Certified> {
    const { active, settings } = this.#ready();
    const verdict = await checkCsr(csr, { trustDomain: this.trustDomain, datacenter: this.#options.datacenter });
    if (!verdict.isGood) throw new CaError('NAME_REFUSED', verdict.reason);
    const now = this.#options.clock.now();
    const signed = await active.provider.sign(verdict.csr, { ...this.#terms(now), ttl: settings.leafTtl });
    const useful = active.intermediates.filter((pem) => (readCertificate(pem)?.notAfter ?? 0) > now);
    return {
      serial: readCertificate(signed.pem)?.serial ?? '',
      chain: joinCertificates([signed.pem, ...useful]),
      notBefore: signed.notBefore,
      notAfter: signed.notAfter,
      rootId: active.id,
      record: (tx) => this.#recordSerial(tx),
    };
  }

  /** Drops the roots that no living leaf leads to any more. Resolves to how many those were. */
  async dropOutlivedRoots(): Promise<number> {
    const { store, clock } = this.#options;
    const gone = outlivedRoots(this.roots(), this.settings.leafTtl, clock.now());
    if (gone.length === 0) return 0;
    await store.write((tx) => {
      for (const { id } of gone) tx.delete('caRoots', id);
      tx.touch(topic.roots);
    });
    return gone.length;
  }

  async #configure({ provider: name, config, state, forceWithoutCrossSigning }: CaConfigUpdate): Promise<void> {
    if (name !== builtInName)
      throw refused(`could not initialize provider: unknown CA provider ${JSON.stringify(name)}`);
    const { store, clock, clusterId, minLeafTtl } = this.#options;
    const settings = parseCaConfig(config, minLeafTtl);
    checkCaState(state);
    const now = clock.now();
    const next = await this.#nextActive(settings, now);
    await store.write((tx) => {
      let isChanged = tx.put('caConfig', '', {
        provider: name,
        config: configWithout(config, 'PrivateKey'),
        state,
        forceWithoutCrossSigning,
      });
      if (next !== undefined) {
        const { provider, signer, intermediates } = next;
        const row = activeRow({ root: provider.root, signingKey: signer.key.reveal(), intermediates, clusterId });
        for (const changed of planRotation(tx.table('caRoots').values(), row, now))
          tx.put('caRoots', changed.id, changed);
        tx.put('settings', clusterIdKey, { value: clusterId });
        this.#recordSerial(tx);
        isChanged = true;
      }
      if (isChanged) tx.touch(topic.roots);
    });
    this.#settings = settings;
    if (next !== undefined) this.#active = next;
  }

  /** What becomes active with `settings`, or undefined when the root stays. */
  async #nextActive(settings: CaSettings, now: number): Promise<Active | undefined> {
    const current = this.#active;
    try {
      const signer = await chooseSigner(current?.signer, settings, this.trustDomain, () => this.#terms(now), now);
      if (signer === undefined) return undefined;
      const provider = createBuiltInProvider(signer.certificate, signer.key);
      const crossSigned = await current?.provider.crossSign(signer.certificate, this.#terms(now));
      const intermediates = crossSigned === undefined ? [] : [crossSigned];
      return { id: rootIdOf(signer.certificate), since: now, provider, signer, intermediates };
    } catch (error) {
      throw error instanceof CaError ? error : refused(`error configuring provider: ${messageOf(error)}`, error);
    }
  }

  #ready(): { readonly active: Active; readonly settings: CaSettings } {
    if (this.#active === undefined || this.#settings === undefined) throw new Error('the CA has no root yet');
    return { active: this.#active, settings: this.#settings };
  }

  #terms(now: number): Omit<SigningTerms, 'ttl'> {
    this.#serial += 1;
    return { serial: this.#serial, now, peersNow: this.#options.clock.systemNow?.() };
  }

  #recordSerial(tx: Transaction): void {
    tx.put('settings', serialKey, { value: this.#serial });
  }
}

function refused(reason: string, cause?: unknown): CaError {
  return new CaError('CONFIG_REFUSED', reason, { cause });
}
