/** Rows of intentions and of config entries of other kinds. */

/** One source of a destination's intentions. */
export interface IntentionSource {
  readonly name: string;
  readonly namespace?: string;
  readonly type: string;
  readonly action?: 'allow' | 'deny';
  readonly permissions?: readonly unknown[];
  readonly precedence: number;
  readonly description?: string;
  /** Only those made over the intention endpoints have the four below. Times are RFC 3339 with nanoseconds. */
  readonly legacyId?: string;
  readonly legacyMeta?: Readonly<Record<string, string>>;
  readonly legacyCreatedAt?: string;
  readonly legacyUpdatedAt?: string;
  /** What a newer Consul knows and we store without evaluating: peer, partition, sameness group. */
  readonly unknown?: Readonly<Record<string, unknown>>;
}

/** All intentions of one destination: the config entry `service-intentions`, and the intention endpoints' rows. */
export interface IntentionsRow {
  readonly destination: string;
  readonly namespace: string;
  readonly sources: readonly IntentionSource[];
  readonly meta?: Readonly<Record<string, string>>;
}

/** Config entries of every other kind, as sent. */
export interface ConfigEntryRow {
  readonly kind: string;
  readonly name: string;
  readonly entry: Readonly<Record<string, unknown>>;
}
