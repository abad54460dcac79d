/** The rules of who may talk to whom, as plain data. */

/** One rule that matches a destination, as the authorization of that destination sees it. */
export interface Rule {
  /** A service name or `*`. */
  readonly source: string;
  readonly sourceNamespace: string;
  /**
   * `deny` also stands for L7 permissions where no HTTP is spoken.
   * `unknown`: the rule has a field that we don't evaluate (peer, partition, sameness group, JWT), so the agent must be asked.
   */
  readonly action: 'allow' | 'deny' | 'unknown';
  /** The destination that the rule names: its own name or `*`. For explanations. */
  readonly destination: string;
  readonly precedence: number;
  /** Absent for intentions that were made without one. */
  readonly id?: string;
  /** The number of L7 permissions, where it has them. */
  readonly permissions?: number;
  /** Where the source is at home if not here: `peer east`, `partition team`, `sameness group all`. For explanations. */
  readonly origin?: string;
}

/** Who asks: taken from a verified certificate, never from what a peer says. */
export interface Source {
  readonly service: string;
  readonly namespace: string;
}

/** An expected outcome is a value: being denied is an answer. */
export type Verdict =
  | { readonly decision: 'allow' | 'deny'; readonly rule: Rule }
  /** No rule matches: the default applies. */
  | { readonly decision: 'none' }
  /** A rule that can't be evaluated here would decide. */
  | { readonly decision: 'ask' };
