/** Rows of the certificate authority. The active root holds its private key. */

export interface CaConfigRow {
  readonly provider: string;
  /** As put, durations as they were sent, without any key. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly state: Readonly<Record<string, string>> | null;
  readonly forceWithoutCrossSigning: boolean;
}

export interface CaRootRow {
  /** SHA-1 of the DER, colon-hex. */
  readonly id: string;
  readonly name: string;
  readonly serialNumber: number;
  readonly signingKeyId: string;
  readonly externalTrustDomain: string;
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  readonly rootCert: string;
  readonly intermediateCerts: readonly string[];
  readonly active: boolean;
  readonly rotatedOutAt?: number;
  readonly privateKeyType: string;
  readonly privateKeyBits: number;
  /** PEM; only of the active root. Leaves the store for signing alone. */
  readonly signingKey?: string;
}
