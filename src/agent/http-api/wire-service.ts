/** Services as requests and answers have them: the agent's form and the catalog's differ in order and presence of members. */

import { anything, flag, integer, list, map, type Shape, struct, text } from '../../http/index.ts';
import { isEmptyCheck } from '../registry/check-request.ts';
import type { ServiceRequest } from '../registry/request.ts';
import type { NodeRow, Row, ServiceRow } from '../state/tables.ts';
import { nonZero, sorted } from './go-values.ts';
import { type CheckBody, checkBody, checkFromBody } from './wire-check.ts';
import { managedProxyFromBody } from './wire-managed-proxy.ts';
import { type ProxyBody, proxyBody, proxyFromBody, proxyToWire } from './wire-proxy.ts';

interface WeightsBody {
  readonly Passing?: number;
  readonly Warning?: number;
}

interface AddressBody {
  readonly Address?: string;
  readonly Port?: number;
}

/** What both kinds of registration have. */
interface CommonBody {
  readonly Kind?: string;
  readonly ID?: string;
  readonly Tags?: readonly string[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly Address?: string;
  readonly Port?: number;
  readonly SocketPath?: string;
  readonly TaggedAddresses?: Readonly<Record<string, AddressBody>>;
  readonly Weights?: WeightsBody;
  readonly EnableTagOverride?: boolean;
  readonly Proxy?: ProxyBody;
  /** 1.2's form of `Proxy.DestinationServiceName`. */
  readonly ProxyDestination?: string;
}

const commonFields = {
  Kind: text,
  ID: text,
  Tags: list(text, ''),
  Meta: map(text, ''),
  Address: text,
  Port: integer,
  SocketPath: text,
  TaggedAddresses: map(struct<AddressBody>({ Address: text, Port: integer }, { type: 'ServiceAddress' }), {}),
  Weights: struct<WeightsBody>({ Passing: integer, Warning: integer }, { type: 'Weights' }),
  EnableTagOverride: flag,
  Proxy: proxyBody,
  ProxyDestination: text,
};

const commonAliases = {
  enable_tag_override: 'EnableTagOverride',
  tagged_addresses: 'TaggedAddresses',
  socket_path: 'SocketPath',
  proxy_destination: 'ProxyDestination',
} as const;

const commonIgnored = [
  'ContentHash',
  'CreateIndex',
  'Datacenter',
  'Hash',
  'Locality',
  'ModifyIndex',
  'Namespace',
  'Partition',
  'PeerName',
  'Ports',
];

interface ConnectBody {
  readonly Native?: boolean;
  readonly SidecarService?: ServiceBody;
  /** Looked into only where managed proxies may be registered. */
  readonly Proxy?: unknown;
}

/** `PUT /v1/agent/service/register`, and a nested `SidecarService`. */
export interface ServiceBody extends CommonBody {
  readonly Name?: string;
  readonly Token?: string;
  readonly Check?: CheckBody;
  readonly Checks?: readonly CheckBody[];
  readonly Connect?: ConnectBody;
}

export const serviceBody: Shape<ServiceBody> = struct<ServiceBody>(
  {
    ...commonFields,
    Name: text,
    Token: text,
    Check: checkBody,
    Checks: list(checkBody, {}),
    Connect: () => connectBody,
  },
  { aliases: commonAliases, ignored: commonIgnored },
);

/** What it does not know it drops, as every version of Consul does here. */
const connectBody: Shape<ConnectBody> = struct<ConnectBody>(
  { Native: flag, SidecarService: () => serviceBody, Proxy: anything },
  { type: 'ServiceConnect', aliases: { sidecar_service: 'SidecarService' }, lenient: true },
);

export interface ServiceReading {
  /** Otherwise the block of a managed proxy is passed over, as from Consul 1.6 on. */
  readonly withManagedProxy: boolean;
}

/** Throws an InputError for a managed proxy that can't be one. */
export function serviceFromBody(body: ServiceBody, reading: ServiceReading = passOver): ServiceRequest {
  const { Check: one, Checks: more = [], Connect: connect } = body;
  const single = one === undefined ? [] : [checkFromBody(one)].filter((check) => !isEmptyCheck(check));
  return {
    ...commonFromBody(body),
    name: body.Name ?? '',
    isNative: connect?.Native ?? false,
    token: body.Token ?? '',
    checks: [...single, ...more.map(checkFromBody)],
    ...(connect?.SidecarService === undefined ? {} : { sidecar: serviceFromBody(connect.SidecarService, reading) }),
    ...(connect?.Proxy === undefined || !reading.withManagedProxy
      ? {}
      : { managedProxy: managedProxyFromBody(connect.Proxy) }),
  };
}

const passOver: ServiceReading = { withManagedProxy: false };

function commonFromBody(
  body: CommonBody,
): Omit<ServiceRequest, 'name' | 'isNative' | 'token' | 'checks' | 'sidecar' | 'managedProxy'> {
  const addresses = Object.entries(body.TaggedAddresses ?? {}).map(
    ([tag, { Address = '', Port = 0 }]) => [tag, { address: Address, port: Port }] as const,
  );
  return {
    kind: body.Kind ?? '',
    id: body.ID ?? '',
    tags: body.Tags ?? [],
    meta: body.Meta ?? null,
    address: body.Address ?? '',
    port: body.Port ?? 0,
    socketPath: body.SocketPath ?? '',
    ...(addresses.length === 0 ? {} : { taggedAddresses: Object.fromEntries(addresses) }),
    ...(body.Weights === undefined
      ? {}
      : { weights: { passing: body.Weights.Passing ?? 0, warning: body.Weights.Warning ?? 0 } }),
    enableTagOverride: body.EnableTagOverride ?? false,
    ...proxyOf(body),
  };
}

function proxyOf({ Proxy: proxy, ProxyDestination: destination }: CommonBody): Pick<ServiceRequest, 'proxy'> {
  if (proxy === undefined && !destination) return {};
  const given = proxyFromBody(proxy ?? {});
  return { proxy: { ...given, destinationServiceName: given.destinationServiceName || (destination ?? '') } };
}

/** `Service` in `PUT /v1/catalog/register`. */
export interface CatalogServiceBody extends CommonBody {
  readonly Service?: string;
  readonly Connect?: { readonly Native?: boolean };
}

export const catalogServiceBody: Shape<CatalogServiceBody> = struct<CatalogServiceBody>(
  {
    ...commonFields,
    Service: text,
    Connect: struct<{ readonly Native?: boolean }>({ Native: flag }, { type: 'ServiceConnect', lenient: true }),
  },
  { type: 'NodeService', aliases: commonAliases, ignored: commonIgnored },
);

/** Nothing is defaulted but the ID and the weights. */
export function catalogServiceFromBody(body: CatalogServiceBody, node: string): ServiceRow {
  const { id, socketPath, weights, ...common } = commonFromBody(body);
  return {
    ...common,
    node,
    id: id || (body.Service ?? ''),
    name: body.Service ?? '',
    ...(socketPath === '' ? {} : { socketPath }),
    weights: weights ?? { passing: 1, warning: 1 },
    isNative: body.Connect?.Native ?? false,
  };
}

/** Of `/v1/agent/services` and `/v1/agent/service/:id`; the latter has a hash of all the rest. */
export function agentService(row: ServiceRow, datacenter: string, contentHash?: string): object {
  return {
    ...nonZero({ Kind: row.kind }),
    ID: row.id,
    Service: row.name,
    Tags: row.tags,
    Meta: sorted(row.meta ?? {}),
    Port: row.port,
    Address: row.address,
    SocketPath: row.socketPath ?? '',
    ...taggedAddresses('TaggedAddresses', row),
    Weights: weightsToWire(row),
    EnableTagOverride: row.enableTagOverride,
    ...nonZero({ ContentHash: contentHash }),
    ...(row.kind === '' ? {} : { Proxy: proxyToWire(row.proxy, 'agent') }),
    ...(row.isNative ? { Connect: { Native: true } } : {}),
    Datacenter: datacenter,
  };
}

/** Of health entries and of a node's services. */
export function catalogService(row: Row<'services'>): object {
  return {
    ...nonZero({ Kind: row.kind }),
    ID: row.id,
    Service: row.name,
    Tags: row.tags,
    Address: row.address,
    ...taggedAddresses('TaggedAddresses', row),
    Meta: row.meta && sorted(row.meta),
    Port: row.port,
    ...nonZero({ SocketPath: row.socketPath }),
    Weights: weightsToWire(row),
    EnableTagOverride: row.enableTagOverride,
    Proxy: proxyToWire(row.proxy, 'catalog'),
    Connect: row.isNative ? { Native: true } : {},
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** Of `/v1/catalog/service/:name`: node and service in one. */
export function catalogServiceOfNode(node: Row<'nodes'>, row: Row<'services'>): object {
  const { Meta: meta, CreateIndex: _, ModifyIndex: __, ...address } = nodeToWire(node);
  return {
    ...address,
    NodeMeta: meta,
    ServiceKind: row.kind,
    ServiceID: row.id,
    ServiceName: row.name,
    ServiceTags: row.tags,
    ServiceAddress: row.address,
    ...taggedAddresses('ServiceTaggedAddresses', row),
    ServiceWeights: weightsToWire(row),
    ServiceMeta: sorted(row.meta ?? {}),
    ServicePort: row.port,
    ServiceSocketPath: row.socketPath ?? '',
    ServiceEnableTagOverride: row.enableTagOverride,
    ServiceProxy: proxyToWire(row.proxy, 'catalog'),
    ServiceConnect: row.isNative ? { Native: true } : {},
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

export interface NodeOnWire {
  readonly ID: string;
  readonly Node: string;
  readonly Address: string;
  readonly Datacenter: string;
  readonly TaggedAddresses: NodeRow['taggedAddresses'];
  readonly Meta: NodeRow['meta'];
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

export function nodeToWire(row: Row<'nodes'>): NodeOnWire {
  return {
    ID: row.id,
    Node: row.node,
    Address: row.address,
    Datacenter: row.datacenter,
    TaggedAddresses: row.taggedAddresses && sorted(row.taggedAddresses),
    Meta: row.meta && sorted(row.meta),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

function weightsToWire({ weights }: ServiceRow): object {
  return { Passing: weights.passing, Warning: weights.warning };
}

function taggedAddresses(name: string, { taggedAddresses: addresses = {} }: ServiceRow): object {
  const entries = Object.entries(addresses).map(([tag, { address, port }]) => [tag, { Address: address, Port: port }]);
  return entries.length === 0 ? {} : { [name]: sorted(Object.fromEntries(entries)) };
}
