/**
 * The tables of what the agent knows: which rows they hold, under which keys, and by what else they are looked up. Rows are JSON-compatible,
 * because that is how they are stored. Names are ours; the HTTP API's are in `http-api`.
 */

import { hash } from 'node:crypto';
import type { AclPolicyRow, AclRoleRow, AclTokenRow } from './acl-rows.ts';
import type { CaConfigRow, CaRootRow } from './ca-rows.ts';
import type { ConfigEntryRow, IntentionsRow } from './intention-rows.ts';
import type { ManagedProxyRow, ProxyProcessRow } from './managed-proxies.ts';
import type { CheckRow, NodeRow, ServiceRow } from './registry-rows.ts';

export type * from './acl-rows.ts';
export type * from './ca-rows.ts';
export type * from './intention-rows.ts';
export type * from './registry-rows.ts';

/** Every row carries the store's count at its creation and at its last change. */
export interface Indexed {
  readonly createIndex: number;
  readonly modifyIndex: number;
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
