/** A CA that lives as long as the object: for tests, and for services that are developed without an agent. */

import { randomUUID } from 'node:crypto';
import { type Clock, type Secret, systemClock } from '../base/index.ts';
import { formatServiceId, joinCertificates } from '../pki/index.ts';
import { crossSign, type Issuer, issueLeaf, leafName, makeRoot, type Purpose, readIssuer } from './certificate.ts';
import { formatPrivateKey, generateKey, type KeyKind, publicKeyInfoOf } from './key.ts';

export interface ThrowawayCaOptions {
  /** A new one, when absent. */
  readonly trustDomain?: string;
  /** `dc1`, when absent. */
  readonly datacenter?: string;
  readonly keyKind?: KeyKind;
  readonly clock?: Clock;
}

/** What a service proves to its peers, in the shape that the data plane takes. */
export interface IssuedIdentity {
  readonly spiffeId: string;
  /** PEM, the leaf first, then its intermediates. */
  readonly chain: string;
  /** PEM. */
  readonly key: Secret;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Absent members give a leaf that every peer accepts; most of the others are for what must be refused. */
export interface IssueOptions {
  readonly datacenter?: string;
  readonly namespace?: string;
  /** Milliseconds; 72 hours when absent. */
  readonly ttl?: number;
  /** Milliseconds since the epoch. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** In the place of the service's SPIFFE ID. */
  readonly uriSans?: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly keyKind?: KeyKind;
  readonly purposes?: readonly Purpose[];
}

export interface ThrowawayCa {
  readonly trustDomain: string;
  readonly datacenter: string;
  /** Whom to believe: the roots of now, the active one last. A new object after each rotation. */
  readonly roots: { readonly trustDomain: string; readonly certificates: readonly string[] };
  /** A leaf of the active root with a new key; after a rotation the cross-signed root comes with it. */
  issue(service: string, options?: IssueOptions): Promise<IssuedIdentity>;
  /** Makes a new root the active one, vouched for by the old one, which stays trusted. */
  rotate(): Promise<void>;
}

const defaultTtl = 72 * 3_600_000;

export async function createThrowawayCa(options: ThrowawayCaOptions = {}): Promise<ThrowawayCa> {
  const { trustDomain = `${randomUUID()}.consul`, datacenter = 'dc1', keyKind, clock = systemClock } = options;
  let serial = 0;
  let issuer = await makeIssuer();
  let certificates: readonly string[] = [issuer.certificate];
  let intermediates: readonly string[] = [];

  async function makeIssuer(): Promise<Issuer> {
    serial += 1;
    const key = await generateKey(keyKind);
    return readIssuer(await makeRoot({ trustDomain, key, serial, now: clock.now() }), key);
  }

  return {
    trustDomain,
    datacenter,
    get roots() {
      return { trustDomain, certificates };
    },
    async issue(service, wanted = {}) {
      const key = await generateKey(wanted.keyKind);
      const namespace = wanted.namespace ?? 'default';
      const spiffeId =
        wanted.uriSans?.[0] ??
        formatServiceId({ trustDomain, namespace, datacenter: wanted.datacenter ?? datacenter, service });
      const now = clock.now();
      serial += 1;
      const leaf = await issueLeaf({
        ...wanted,
        issuer,
        publicKeyInfo: publicKeyInfoOf(key),
        commonName: leafName(service, namespace, trustDomain),
        uriSans: wanted.uriSans ?? [spiffeId],
        serial,
        now,
        ttl: wanted.ttl ?? defaultTtl,
      });
      const chain = joinCertificates([leaf.pem, ...intermediates]);
      return { spiffeId, chain, key: formatPrivateKey(key), notBefore: leaf.notBefore, notAfter: leaf.notAfter };
    },
    async rotate() {
      const next = await makeIssuer();
      serial += 1;
      intermediates = [await crossSign({ issuer, root: next.certificate, serial, now: clock.now() })];
      certificates = [...certificates, next.certificate];
      issuer = next;
    },
  };
}
