/**
 * What stands behind the agent's CA: something that signs CSRs. The built-in one holds its key; one that asks another system to sign has the
 * same shape.
 */

import type { Csr, KeyKind } from '../../issuing/index.ts';

export interface CaProvider {
  /** As the CA configuration names it. */
  readonly name: string;
  readonly root: ProviderRoot;
  /** Signs a CSR that has been checked. Rejects when it can't. */
  sign(csr: Csr, terms: SigningTerms): Promise<SignedLeaf>;
  /** Vouches for another root (PEM) with this one's key, so that leafs of the other also lead here. PEM. */
  crossSign(root: string, terms: Omit<SigningTerms, 'ttl'>): Promise<string>;
}

/** The certificate at the top, as peers are told to trust it. */
export interface ProviderRoot {
  /** PEM. */
  readonly certificate: string;
  /** For people. */
  readonly title: string;
  /** Colon-separated hex. */
  readonly signingKeyId: string;
  readonly keyKind: KeyKind;
}

export interface SigningTerms {
  /** What the certificate is numbered, where the provider leaves that to us. */
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The time of those who verify, where it is behind `now`, as for tests that set the agent's clock ahead. */
  readonly peersNow?: number | undefined;
  /** Milliseconds. */
  readonly ttl: number;
}

export interface SignedLeaf {
  /** PEM, without the root's intermediates. */
  readonly pem: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}
