/**
 * JSON as Consul spells it, cut down to the members that this project reads.
 * Answers carry more, and more with each version; what is not named here is dropped at the edge (answers.ts).
 */

import type { Secret } from '../base/index.ts';

export interface CaRoots {
  readonly ActiveRootID: string;
  readonly TrustDomain: string;
  readonly Roots: readonly CaRoot[];
}

export interface CaRoot {
  readonly ID: string;
  /** PEM. */
  readonly RootCert: string;
  readonly IntermediateCerts: readonly string[];
  readonly Active: boolean;
}

export interface Leaf {
  /** Colon-separated lower-case hex. */
  readonly SerialNumber: string;
  /** The leaf first, then its intermediates. */
  readonly CertPEM: string;
  readonly PrivateKeyPEM: Secret;
  readonly Service: string;
  readonly ServiceURI: string;
  /** RFC 3339. */
  readonly ValidAfter: string;
  readonly ValidBefore: string;
}

export interface AuthorizeQuestion {
  /** The name of the service that is being connected to. */
  readonly target: string;
  /** The SPIFFE ID of the peer, as it stands in its certificate. */
  readonly uri: string;
  readonly serial: string;
}

export interface AuthorizeAnswer {
  readonly Authorized: boolean;
  readonly Reason: string;
}

/** One row of `/v1/health/connect/…`. */
export interface ServiceEntry {
  readonly Node: { readonly Node: string; readonly Address: string; readonly Datacenter?: string };
  readonly Service: HealthService;
}

export interface HealthService {
  readonly Kind?: string;
  readonly ID: string;
  readonly Service: string;
  /** Empty: the node's address. */
  readonly Address: string;
  readonly Port: number;
  readonly SocketPath?: string;
  readonly Weights?: { readonly Passing: number; readonly Warning: number };
  readonly Proxy?: { readonly DestinationServiceName?: string };
  readonly Connect?: { readonly Native?: boolean };
  /** Set for what another cluster exports to us. */
  readonly PeerName?: string;
  readonly Meta?: Readonly<Record<string, string>>;
}

export interface QueryResult {
  readonly Service: string;
  readonly Nodes: readonly ServiceEntry[];
  readonly Datacenter?: string;
  readonly Failovers?: number;
}

export interface AgentService {
  readonly Kind?: string;
  readonly ID: string;
  readonly Service: string;
  readonly Address: string;
  readonly Port: number;
  readonly Datacenter?: string;
  readonly Tags?: readonly string[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Proxy?: AgentServiceProxy;
  readonly Connect?: { readonly Native?: boolean };
}

export interface AgentServiceProxy {
  readonly DestinationServiceName?: string;
  readonly DestinationServiceID?: string;
  readonly LocalServiceAddress?: string;
  readonly LocalServicePort?: number;
  readonly LocalServiceSocketPath?: string;
  readonly Mode?: string;
  /** Opaque. */
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly Upstreams?: readonly Upstream[];
}

export interface Upstream {
  /** `service` when absent or empty. */
  readonly DestinationType?: string;
  readonly DestinationName: string;
  readonly DestinationNamespace?: string;
  readonly DestinationPartition?: string;
  readonly DestinationPeer?: string;
  readonly Datacenter?: string;
  readonly LocalBindAddress?: string;
  readonly LocalBindPort?: number;
  readonly LocalBindSocketPath?: string;
  readonly LocalBindSocketMode?: string;
  /** Opaque. */
  readonly Config?: Readonly<Record<string, unknown>>;
}

/** What `/v1/agent/self` says of the agent. */
export interface AgentSelf {
  readonly Config: { readonly Datacenter: string; readonly NodeName: string; readonly Version?: string };
}

/** One row of `/v1/catalog/service/…`. */
export interface CatalogService {
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter?: string;
  readonly ServiceID: string;
  readonly ServiceName: string;
  readonly ServiceAddress: string;
  readonly ServicePort: number;
  readonly ServiceTags: readonly string[];
}

/** An intention as list, get and match show it. */
export interface Intention {
  readonly CreatedAt?: string;
  readonly UpdatedAt?: string;
  /** Absent for those made by a config entry or by their exact names. */
  readonly ID?: string;
  readonly Description?: string;
  readonly SourceNS?: string;
  readonly SourceName: string;
  readonly DestinationNS?: string;
  readonly DestinationName: string;
  readonly SourceType?: string;
  readonly Action?: string;
  readonly Permissions?: readonly unknown[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Precedence: number;
  readonly Hash?: string;
  readonly CreateIndex?: number;
  readonly ModifyIndex?: number;
  /** Members of newer versions that we don't evaluate. */
  readonly SourcePartition?: string;
  readonly DestinationPartition?: string;
  readonly SourcePeer?: string;
  readonly SourceSamenessGroup?: string;
  readonly JWT?: unknown;
}

/** Answer of `GET /v1/internal/fairlead/explain`, which only our agent has. */
export interface ExplainAnswer {
  readonly SourceNS: string;
  readonly SourceName: string;
  readonly DestinationNS: string;
  readonly DestinationName: string;
  readonly Allowed: boolean;
  /** As `authorize` words it. */
  readonly Reason: string;
  /** The intention that decided; null: none matches, so the default did. */
  readonly DecidedBy: Intention | null;
  readonly AllowedByDefault: boolean;
  /** Intentions about this source that did not decide, by precedence. */
  readonly Others: readonly { readonly Why: 'lower precedence' | 'equal' | 'case'; readonly Intention: Intention }[];
  /** How many more the destination has, about other sources. */
  readonly Elsewhere: number;
  /** The fewest steps, in this order, that lead to the opposite. */
  readonly Flip: readonly ExplainStep[];
}

export interface ExplainStep {
  readonly Change: 'create' | 'replace' | 'delete';
  readonly SourceNS: string;
  readonly SourceName: string;
  readonly DestinationNS: string;
  readonly DestinationName: string;
  /** Of what is created or replaced. */
  readonly Action?: 'allow' | 'deny';
  /** Where the source of a deletion is at home if not here: `peer east`. Only the destination's config entry can be edited then. */
  readonly Origin?: string;
  readonly Command?: string;
}
