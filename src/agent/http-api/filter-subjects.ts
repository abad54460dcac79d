/**
 * What filter expressions may select from, for each kind of answer. As in Consul, some members of the answers are not among them:
 * indexes, hashes, a proxy's opaque configuration.
 */

import type { FieldShape } from '../filter/shape.ts';

const texts: FieldShape = { list: 'text' };
const meta: FieldShape = { map: 'text' };
const addresses: FieldShape = { map: { members: { Address: 'text', Port: 'integer' } } };
const weights: FieldShape = { members: { Passing: 'integer', Warning: 'integer' } };
const connect: FieldShape = { members: { Native: 'flag' } };
const meshGateway: FieldShape = { members: { Mode: 'text' } };

const upstream: FieldShape = {
  members: {
    DestinationType: 'text',
    DestinationNamespace: 'text',
    DestinationName: 'text',
    Datacenter: 'text',
    LocalBindAddress: 'text',
    LocalBindPort: 'integer',
    LocalBindSocketPath: 'text',
    LocalBindSocketMode: 'text',
    MeshGateway: meshGateway,
  },
};

const exposedPath: FieldShape = {
  members: {
    ListenerPort: 'integer',
    Path: 'text',
    LocalPathPort: 'integer',
    Protocol: 'text',
    ParsedFromCheck: 'flag',
  },
};

const proxy: FieldShape = {
  members: {
    DestinationServiceName: 'text',
    DestinationServiceID: 'text',
    LocalServiceAddress: 'text',
    LocalServicePort: 'integer',
    LocalServiceSocketPath: 'text',
    Mode: 'text',
    Upstreams: { list: upstream },
    MeshGateway: meshGateway,
    Expose: { members: { Checks: 'flag', Paths: { list: exposedPath } } },
    TransparentProxy: { members: { OutboundListenerPort: 'integer', DialedDirectly: 'flag' } },
  },
};

const service: FieldShape = {
  members: {
    Kind: 'text',
    ID: 'text',
    Service: 'text',
    Tags: texts,
    Address: 'text',
    TaggedAddresses: addresses,
    Meta: meta,
    Port: 'integer',
    SocketPath: 'text',
    Weights: weights,
    EnableTagOverride: 'flag',
    Proxy: proxy,
    Connect: connect,
  },
};

const node: FieldShape = {
  members: { ID: 'text', Node: 'text', Address: 'text', Datacenter: 'text', TaggedAddresses: meta, Meta: meta },
};

const check: FieldShape = {
  members: {
    Node: 'text',
    CheckID: 'text',
    Name: 'text',
    Status: 'text',
    Notes: 'text',
    Output: 'text',
    ServiceID: 'text',
    ServiceName: 'text',
    ServiceTags: texts,
    Type: 'text',
    ExposedPort: 'integer',
  },
};

const catalogService: FieldShape = {
  members: {
    ID: 'text',
    Node: 'text',
    Address: 'text',
    Datacenter: 'text',
    TaggedAddresses: meta,
    NodeMeta: meta,
    ServiceKind: 'text',
    ServiceID: 'text',
    ServiceName: 'text',
    ServiceTags: texts,
    ServiceAddress: 'text',
    ServiceTaggedAddresses: addresses,
    ServiceWeights: weights,
    ServiceMeta: meta,
    ServicePort: 'integer',
    ServiceSocketPath: 'text',
    ServiceEnableTagOverride: 'flag',
    ServiceProxy: proxy,
    ServiceConnect: connect,
  },
};

const intention: FieldShape = {
  members: {
    ID: 'text',
    Description: 'text',
    SourceNS: 'text',
    SourceName: 'text',
    DestinationNS: 'text',
    DestinationName: 'text',
    SourceType: 'text',
    Action: 'text',
    Precedence: 'integer',
    Meta: meta,
  },
};

export type FilterSubject = 'service' | 'check' | 'health entry' | 'node' | 'catalog service' | 'intention';

export const filterSubjects: Readonly<Record<FilterSubject, FieldShape>> = {
  service,
  check,
  'health entry': { members: { Node: node, Service: service, Checks: { list: check } } },
  node,
  'catalog service': catalogService,
  intention,
};
