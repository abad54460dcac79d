/** Rows of proxies that the agent itself runs. Known to this agent alone: no catalog shows them. */

import type { Upstream } from './registry-rows.ts';

/** `daemon`: started, and started again when it ends. `script`: kept and shown, never run. */
export type ExecMode = 'daemon' | 'script';

/** As it was declared in the definition of a service; what is left out there is left out here, and filled in when it is read. */
export interface ManagedProxyRow {
  /** The ID of the service. */
  readonly target: string;
  /** The ID of the proxy's own service, which was made from the declaration. */
  readonly proxyId: string;
  readonly execMode?: ExecMode;
  /** Empty: the agent's default. */
  readonly command: readonly string[];
  /** Opaque, but for a few keys; kept as it came. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly upstreams: readonly Upstream[];
  /** What the proxy proves itself with: made once, the same for as long as there is this proxy. Never shown. */
  readonly token: string;
  /** From a configuration file, replaced at each reload. */
  readonly fromFile?: boolean;
}

/** A process that was started for a managed proxy, so that the next agent finds it again. Without its token and environment. */
export interface ProxyProcessRow {
  readonly proxyId: string;
  readonly pid: number;
  /** Which process of that ID it is: IDs are used again, this never is. */
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** A digest of all that it was started with. */
  readonly launch: string;
}
