/**
 * Leaf and roots, each checked before use. A leaf that fails its check waits: often the roots that it belongs to arrive a moment later.
 * Until then the one in use stays, as long as it is valid.
 */

import type { CaRoots, Leaf } from '../api/index.ts';
import { Cell, type Clock } from '../base/index.ts';
import type { Identity, Roots } from '../mtls/index.ts';
import { parseCertificate, parseSpiffeId, splitCertificates, type Verdict, verifyLeaf } from '../pki/index.ts';
import type { Problems } from './problems.ts';

/** Milliseconds from one look at the clock to the next, at most: a clock may jump. */
const longestSleep = 60_000;
/** The same while a leaf waits to be taken. */
const candidateSleep = 1_000;

export class IdentityKeeper {
  /** Undefined when there never was a good leaf, or when the last one expired. */
  readonly identity: Cell<Identity | undefined> = new Cell<Identity | undefined>(undefined);
  readonly roots: Cell<Roots | undefined> = new Cell<Roots | undefined>(undefined);
  readonly #service: string;
  readonly #clock: Clock;
  readonly #problems: Problems;
  #candidate: Leaf | undefined;
  #sleep = new AbortController();

  constructor(service: string, clock: Clock, problems: Problems) {
    this.#service = service;
    this.#clock = clock;
    this.#problems = problems;
  }

  /** All of them are trusted, the active one and those being replaced. */
  setRoots({ TrustDomain, Roots }: CaRoots): void {
    const certificates = Roots.flatMap(({ RootCert }) => splitCertificates(RootCert));
    const readable = certificates.filter((pem) => parseCertificate(pem) !== undefined);
    if (readable.length === 0 || TrustDomain === '') {
      const reason = 'the agent names no root certificate that can be read: is Connect enabled there?';
      this.#problems.report({ what: 'root certificates', reason, code: 'NOT_READY' });
      return;
    }
    this.#problems.clear('root certificates');
    this.roots.set({ trustDomain: TrustDomain.toLowerCase(), certificates: readable });
    this.#review();
  }

  offerLeaf(leaf: Leaf): void {
    this.#candidate = leaf;
    this.#review();
  }

  /** Takes and drops certificates when their time has come, until `signal` aborts. */
  async watchClock(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#sleep = new AbortController();
      await this.#clock.sleep(this.#restTime(), AbortSignal.any([signal, this.#sleep.signal]));
      if (!signal.aborted) this.#check();
    }
  }

  #review(): void {
    this.#check();
    this.#sleep.abort();
  }

  #check(): void {
    this.#takeCandidate();
    const expired = this.identity.value;
    if (expired === undefined || expired.notAfter > this.#clock.now()) return;
    this.identity.set(undefined);
    const reason = `the certificate expired at ${new Date(expired.notAfter).toISOString()}, and there is no newer one`;
    this.#problems.report({ what: 'certificate', reason, code: 'CERTIFICATE_EXPIRED' });
  }

  #takeCandidate(): void {
    const [candidate, roots] = [this.#candidate, this.roots.value];
    if (candidate === undefined || roots === undefined) return;
    const verdict = judgeLeaf(candidate, this.#service, roots, this.#clock.now());
    if (!verdict.isGood) {
      const reason = `the certificate that the agent sent was not taken: ${verdict.reason}`;
      this.#problems.report({ what: 'certificate', reason, code: 'NOT_READY' });
      return;
    }
    this.#candidate = undefined;
    this.#problems.clear('certificate');
    const { notBefore, notAfter } = verdict.leaf;
    const { ServiceURI: spiffeId, CertPEM: chain, PrivateKeyPEM: key } = candidate;
    this.identity.set({ spiffeId, chain, key, notBefore, notAfter });
  }

  #restTime(): number {
    const left = this.identity.value && this.identity.value.notAfter - this.#clock.now();
    return Math.min(this.#candidate ? candidateSleep : longestSleep, Math.max(1, left ?? longestSleep));
  }
}

/** Ours in every respect: service, trust domain, key, chain, time. */
function judgeLeaf(leaf: Leaf, service: string, roots: Roots, now: number): Verdict {
  const id = parseSpiffeId(leaf.ServiceURI);
  if (id?.kind !== 'service' || id.service !== service)
    return { isGood: false, reason: `it is for ${JSON.stringify(leaf.ServiceURI)}, not for the service ${service}` };
  if (id.trustDomain !== roots.trustDomain)
    return { isGood: false, reason: `${leaf.ServiceURI} is not of the trust domain ${roots.trustDomain}` };
  return verifyLeaf({
    chainPem: leaf.CertPEM,
    roots: roots.certificates,
    key: leaf.PrivateKeyPEM,
    spiffeId: leaf.ServiceURI,
    now,
  });
}
