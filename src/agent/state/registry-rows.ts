/** Rows of nodes, services and checks: what catalog and health show. */

export type CheckStatus = 'passing' | 'warning' | 'critical';

export interface NodeRow {
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly datacenter: string;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  /** Null: it was registered without. */
  readonly meta: Readonly<Record<string, string>> | null;
}

export interface Upstream {
  readonly destinationType: string;
  readonly destinationNamespace?: string;
  readonly destinationName: string;
  readonly datacenter?: string;
  readonly localBindAddress?: string;
  readonly localBindPort?: number;
  readonly localBindSocketPath?: string;
  readonly localBindSocketMode?: string;
  /** Opaque; kept as it came. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly meshGateway?: Readonly<Record<string, unknown>>;
}

export interface ProxySettings {
  readonly destinationServiceName: string;
  readonly destinationServiceId?: string;
  readonly localServiceAddress?: string;
  readonly localServicePort?: number;
  readonly localServiceSocketPath?: string;
  readonly mode?: string;
  readonly config?: Readonly<Record<string, unknown>>;
  readonly upstreams?: readonly Upstream[];
  readonly meshGateway?: Readonly<Record<string, unknown>>;
  readonly expose?: Readonly<Record<string, unknown>>;
  readonly transparentProxy?: Readonly<Record<string, unknown>>;
}

export interface ServiceRow {
  readonly node: string;
  readonly id: string;
  /** Empty, `connect-proxy`, or another kind that Consul knows. */
  readonly kind: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly meta: Readonly<Record<string, string>> | null;
  readonly address: string;
  readonly port: number;
  readonly socketPath?: string;
  readonly taggedAddresses?: Readonly<Record<string, { readonly address: string; readonly port: number }>>;
  readonly weights: { readonly passing: number; readonly warning: number };
  readonly enableTagOverride: boolean;
  readonly proxy?: ProxySettings;
  readonly isNative: boolean;
  /** Present on what this agent itself registered; absent on what came over the catalog API. */
  readonly local?: {
    /** The ID of the service whose nested block made this one; they go together. */
    readonly sidecarOf?: string;
    /** The same for the service of a managed proxy. */
    readonly managedFor?: string;
    /** The accessor is not enough: the token itself is needed to act for the service. Never shown. */
    readonly token?: string;
    /** From a configuration file, replaced at each reload. */
    readonly fromFile?: boolean;
  };
}

/** How a check of this agent is run. Durations are milliseconds. */
export interface CheckDefinition {
  readonly type: 'ttl' | 'http' | 'tcp' | 'grpc' | 'h2ping' | 'udp' | 'alias' | 'script' | 'maintenance' | '';
  readonly interval?: number;
  readonly timeout?: number;
  readonly ttl?: number;
  readonly http?: string;
  readonly method?: string;
  readonly header?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  readonly tlsSkipVerify?: boolean;
  readonly tlsServerName?: string;
  readonly tcp?: string;
  readonly grpc?: string;
  readonly grpcUseTls?: boolean;
  readonly h2ping?: string;
  /** Without TLS, which is usual there. */
  readonly h2pingPlain?: boolean;
  readonly udp?: string;
  readonly aliasService?: string;
  readonly aliasNode?: string;
  readonly args?: readonly string[];
  readonly disableRedirects?: boolean;
  readonly outputMaxSize?: number;
  readonly successBeforePassing?: number;
  readonly failuresBeforeWarning?: number;
  readonly failuresBeforeCritical?: number;
  readonly deregisterCriticalServiceAfter?: number;
}

export interface CheckRow {
  readonly node: string;
  readonly checkId: string;
  readonly name: string;
  readonly status: CheckStatus;
  readonly notes: string;
  readonly output: string;
  /** Empty for a check of the node. */
  readonly serviceId: string;
  readonly serviceName: string;
  readonly serviceTags: readonly string[];
  readonly type: string;
  /** As sent over the catalog API; what other nodes' checks were registered with. */
  readonly catalogDefinition?: Readonly<Record<string, unknown>>;
  readonly local?: {
    readonly definition: CheckDefinition;
    /** Newer output at an unchanged status: shown by the agent endpoints at once, by the catalog after a while. */
    readonly output?: string;
    /** When a TTL check lapses, in milliseconds since the epoch; moves on with each update. */
    readonly expiresAt?: number;
    /** From a configuration file, replaced at each reload. */
    readonly fromFile?: boolean;
  };
}
