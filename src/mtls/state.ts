/**
 * What one side of an authenticated connection knows, as plain data. Each value is replaced whole.
 * It comes from an agent, from files or from a test; nothing in this room asks which.
 */

import type { Secret } from '../base/index.ts';
import type { Rule } from '../intentions/index.ts';

/** What we prove to peers. */
export interface Identity {
  /** The SPIFFE ID in the leaf. */
  readonly spiffeId: string;
  /** PEM, the leaf first, then its intermediates. */
  readonly chain: string;
  /** PEM. */
  readonly key: Secret;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whom we believe. */
export interface Roots {
  readonly trustDomain: string;
  /** PEM, one certificate each; all of them are trusted. */
  readonly certificates: readonly string[];
}

export interface TlsSettings {
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL group list; absent: the library's own, post-quantum first. */
  readonly groups?: string;
  /** OpenSSL cipher list; absent: those with forward secrecy and authenticated encryption. */
  readonly ciphers?: string;
}

/** Who may connect to this service. */
export type Authorization =
  /** There never was an answer: refuse. */
  | { readonly kind: 'closed'; readonly reason: string }
  /** Put a question for each connection. */
  | { readonly kind: 'ask' }
  | {
      readonly kind: 'table';
      /** In any order; precedence decides. */
      readonly rules: readonly Rule[];
      readonly otherwise: Otherwise;
    };

/** What holds for a peer that no rule matches. */
export type Otherwise =
  | { readonly kind: 'allow' | 'deny'; readonly reason: string }
  /** Ask, and keep the answer as the default for `keepFor` milliseconds. */
  | { readonly kind: 'ask'; readonly keepFor: number };

/** A place where a service can be dialled. */
export interface Instance {
  /** `<node>/<service id>`, for logs. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** The exact SPIFFE ID that it must prove. */
  readonly spiffeId: string;
  readonly weight: number;
}

/** The answer to a question, or a decision from the table. `reason` is for people: it names the intention or the default. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
  readonly intentionId?: string;
}

/** A peer whose chain and SPIFFE ID were checked. */
export interface Peer {
  readonly spiffeId: string;
  readonly service: string;
  readonly namespace: string;
  readonly datacenter: string;
  /** Colon-separated lower-case hex, as Consul writes it. */
  readonly serial: string;
}
