/** What a registration asks for, in our names, before anything is filled in. From the HTTP API or a configuration file. */

import type { ExecMode } from '../state/managed-proxies.ts';
import type { CheckDefinition, ProxySettings, ServiceRow, Upstream } from '../state/tables.ts';

export interface ServiceRequest {
  readonly kind: string;
  /** Empty: the name. */
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>> | null;
  readonly address: string;
  readonly port: number;
  readonly socketPath: string;
  readonly taggedAddresses?: NonNullable<ServiceRow['taggedAddresses']>;
  readonly weights?: ServiceRow['weights'];
  readonly enableTagOverride: boolean;
  readonly proxy?: ProxySettings;
  readonly isNative: boolean;
  /** Empty: that of the request. */
  readonly token: string;
  readonly checks: readonly CheckRequest[];
  /** The nested block of which the agent makes a sidecar's registration. */
  readonly sidecar?: ServiceRequest;
  /** The nested block of a proxy that the agent is to run. */
  readonly managedProxy?: ManagedProxyRequest;
}

export interface CheckRequest {
  /** Empty: made from the service's ID or the check's name. */
  readonly id: string;
  readonly name: string;
  readonly notes: string;
  /** Empty: critical, until the check has run. */
  readonly status: string;
  readonly definition: Omit<CheckDefinition, 'type'>;
  /** A kind that Consul knows and this agent does not run, such as `H2PING`. */
  readonly notRun?: string;
}

/** The block of a managed proxy, before anything is filled in. */
export interface ManagedProxyRequest {
  /** Absent: the agent's default. */
  readonly execMode?: ExecMode;
  /** Empty: the agent's default. */
  readonly command: readonly string[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly upstreams: readonly Upstream[];
}
