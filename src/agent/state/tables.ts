/** What the agent knows, as rows. JSON-compatible, because that is how they are stored. Names are ours; the HTTP API's are in `http-api`. */

import { hash } from 'node:crypto';
import type { ManagedProxyRow, ProxyProcessRow } from './managed-proxies.ts';

/** Every row carries the store's count at its creation and at its last change. */
export interface Indexed {
  readonly createIndex: number;
  readonly modifyIndex: number;
}

export type CheckStatus = 'passing' | 'warning' | 'critical';

export interface NodeRow {
  readonly id: string;
  readonly node: string;
  readonly address: string;
  readonly datacenter: string;
  readonly taggedAddresses: Readonly<Record<string, string>> | null;
  readonly meta: Readonly<Record<string, string>>;
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

/** What a token or a role grants. */
export interface AclGrants {
  /** Their IDs. One that is gone grants nothing. */
  readonly policies: readonly string[];
  readonly serviceIdentities: readonly { readonly serviceName: string; readonly datacenters?: readonly string[] }[];
  readonly nodeIdentities: readonly { readonly nodeName: string; readonly datacenter: string }[];
}

export interface AclTokenRow extends AclGrants {
  /** How a token is spoken of. */
  readonly accessorId: string;
  /** The token itself. Shown to its holder and to who may write ACLs, and to nobody else. */
  readonly secretId: string;
  readonly description: string;
  /** Their IDs. */
  readonly roles: readonly string[];
  readonly local: boolean;
  /** RFC 3339 with nanoseconds. */
  readonly createTime: string;
  /** RFC 3339. From then on the token is as good as deleted. */
  readonly expirationTime?: string;
}

export interface AclPolicyRow {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** In HCL or JSON, as it was written. */
  readonly rules: string;
  /** Where it holds; absent for everywhere. */
  readonly datacenters?: readonly string[];
}

export interface AclRoleRow extends AclGrants {
  readonly id: string;
  readonly name: string;
  readonly description: string;
}

/** Single values of the CA and the agent: trust domain, node ID, serial counter. */
export interface SettingRow {
  readonly value: unknown;
}

export interface Tables {
  nodes: NodeRow;
  services: ServiceRow;
  checks: CheckRow;
  intentions: IntentionsRow;
  configEntries: ConfigEntryRow;
  caConfig: CaConfigRow;
  caRoots: CaRootRow;
  settings: SettingRow;
  managedProxies: ManagedProxyRow;
  proxyProcesses: ProxyProcessRow;
  aclTokens: AclTokenRow;
  aclPolicies: AclPolicyRow;
  aclRoles: AclRoleRow;
}

export type TableName = keyof Tables;
export type Row<N extends TableName> = Tables[N] & Indexed;

/** Case does not tell names apart here, as in Consul's catalog. */
export const fold = (name: string): string => name.toLowerCase();

export const keyOf: { readonly [N in TableName]: (row: never) => string } & {
  nodes(row: Pick<NodeRow, 'node'>): string;
  services(row: Pick<ServiceRow, 'node' | 'id'>): string;
  checks(row: Pick<CheckRow, 'node' | 'checkId'>): string;
  intentions(row: Pick<IntentionsRow, 'destination'>): string;
  configEntries(row: Pick<ConfigEntryRow, 'kind' | 'name'>): string;
  managedProxies(row: Pick<ManagedProxyRow, 'target'>): string;
  proxyProcesses(row: Pick<ProxyProcessRow, 'proxyId'>): string;
  aclTokens(row: Pick<AclTokenRow, 'accessorId'>): string;
  aclPolicies(row: Pick<AclPolicyRow, 'id'>): string;
  aclRoles(row: Pick<AclRoleRow, 'id'>): string;
} = {
  nodes: (row: Pick<NodeRow, 'node'>) => fold(row.node),
  services: (row: Pick<ServiceRow, 'node' | 'id'>) => `${fold(row.node)}\0${row.id}`,
  checks: (row: Pick<CheckRow, 'node' | 'checkId'>) => `${fold(row.node)}\0${row.checkId}`,
  intentions: (row: Pick<IntentionsRow, 'destination'>) => fold(row.destination),
  configEntries: (row: Pick<ConfigEntryRow, 'kind' | 'name'>) => `${row.kind}\0${row.name}`,
  caConfig: () => '',
  caRoots: (row: Pick<CaRootRow, 'id'>) => row.id,
  settings: () => {
    throw new Error('a setting is kept under its name');
  },
  managedProxies: (row: Pick<ManagedProxyRow, 'target'>) => row.target,
  proxyProcesses: (row: Pick<ProxyProcessRow, 'proxyId'>) => row.proxyId,
  aclTokens: (row: Pick<AclTokenRow, 'accessorId'>) => row.accessorId,
  aclPolicies: (row: Pick<AclPolicyRow, 'id'>) => row.id,
  aclRoles: (row: Pick<AclRoleRow, 'id'>) => row.id,
};

/** Secondary indexes: by which values rows of a table are looked up. Absent values are not indexed. */
export const lookups: { readonly [N in TableName]: Readonly<Record<string, (row: Tables[N]) => string | undefined>> } =
  {
    nodes: {},
    services: {
      name: (row) => fold(row.name),
      node: (row) => fold(row.node),
      /** Rows whose IDs differ in case only. */
      foldedId: (row) => fold(keyOf.services(row)),
      /** The service that Connect traffic for this row is meant for. */
      connect: (row) =>
        row.kind === 'connect-proxy' && row.proxy
          ? fold(row.proxy.destinationServiceName)
          : row.isNative
            ? fold(row.name)
            : undefined,
    },
    checks: {
      node: (row) => fold(row.node),
      /** Rows whose IDs differ in case only. */
      foldedId: (row) => fold(keyOf.checks(row)),
      /** By `keyOf.services`; the checks of the node itself under an empty ID. */
      service: (row) => `${fold(row.node)}\0${row.serviceId}`,
      serviceName: (row) => (row.serviceName === '' ? undefined : fold(row.serviceName)),
      /** Alias checks by what they follow, keyed as `service`; an alias of a whole node has an empty ID. */
      aliasOf: (row) => aliasTarget(row),
      /** Alias checks by the node that they follow. */
      aliasNode: (row) => aliasTarget(row)?.split('\0', 1)[0],
    },
    intentions: {},
    configEntries: { kind: (row) => row.kind },
    caConfig: {},
    caRoots: {},
    settings: {},
    managedProxies: { proxy: (row) => row.proxyId, token: (row) => digestOf(row.token) },
    proxyProcesses: {},
    aclTokens: { secret: (row) => digestOf(row.secretId) },
    aclPolicies: { name: (row) => fold(row.name) },
    aclRoles: { name: (row) => fold(row.name) },
  };

/** What tokens are looked up by: how long that takes says nothing about how much of a guess was right. */
export function digestOf(secret: string): string {
  return hash('sha256', secret);
}

/** `<node>\0<service ID>` that an alias check follows; undefined for every other check. */
function aliasTarget(row: CheckRow): string | undefined {
  const definition = row.local?.definition;
  if (definition?.type !== 'alias') return undefined;
  return `${fold(definition.aliasNode ?? row.node)}\0${definition.aliasService ?? ''}`;
}
