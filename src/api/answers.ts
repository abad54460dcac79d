/** What answers must look like for us to use them. */

import { Secret } from '../base/index.ts';
import { anything, boolean, list, number, object, optional, record, type Shape, string } from './shape.ts';
import type {
  AgentSelf,
  AgentService,
  AgentServiceProxy,
  AuthorizeAnswer,
  CaRoot,
  CaRoots,
  CatalogService,
  HealthService,
  Intention,
  Leaf,
  QueryResult,
  ServiceEntry,
  Upstream,
} from './wire.ts';

/** The private key leaves the JSON here, before anything can print it. */
const secret: Shape<Secret> = (value, place) => new Secret(string(value, place));

export const caRoots: Shape<CaRoots> = object<CaRoots>({
  ActiveRootID: string,
  TrustDomain: string,
  Roots: list(object<CaRoot>({ ID: string, RootCert: string, IntermediateCerts: list(string), Active: boolean })),
});

export const leaf: Shape<Leaf> = object<Leaf>({
  SerialNumber: string,
  CertPEM: string,
  PrivateKeyPEM: secret,
  Service: string,
  ServiceURI: string,
  ValidAfter: string,
  ValidBefore: string,
});

export const authorizeAnswer: Shape<AuthorizeAnswer> = object<AuthorizeAnswer>({ Authorized: boolean, Reason: string });

const healthService: Shape<HealthService> = object<HealthService>({
  Kind: optional(string),
  ID: string,
  Service: string,
  Address: string,
  Port: number,
  SocketPath: optional(string),
  Weights: optional(object<{ Passing: number; Warning: number }>({ Passing: number, Warning: number })),
  Proxy: optional(object<{ DestinationServiceName?: string }>({ DestinationServiceName: optional(string) })),
  Connect: optional(object<{ Native?: boolean }>({ Native: optional(boolean) })),
  PeerName: optional(string),
  Meta: optional(record(string)),
});

const serviceEntry: Shape<ServiceEntry> = object<ServiceEntry>({
  Node: object<ServiceEntry['Node']>({ Node: string, Address: string, Datacenter: optional(string) }),
  Service: healthService,
});

export const serviceEntries: Shape<readonly ServiceEntry[]> = list(serviceEntry);

export const queryResult: Shape<QueryResult> = object<QueryResult>({
  Service: string,
  Nodes: serviceEntries,
  Datacenter: optional(string),
  Failovers: optional(number),
});

const upstream: Shape<Upstream> = object<Upstream>({
  DestinationType: optional(string),
  DestinationName: string,
  DestinationNamespace: optional(string),
  DestinationPartition: optional(string),
  DestinationPeer: optional(string),
  Datacenter: optional(string),
  LocalBindAddress: optional(string),
  LocalBindPort: optional(number),
  LocalBindSocketPath: optional(string),
  LocalBindSocketMode: optional(string),
  Config: optional(record(anything)),
});

export const agentService: Shape<AgentService> = object<AgentService>({
  Kind: optional(string),
  ID: string,
  Service: string,
  Address: string,
  Port: number,
  Datacenter: optional(string),
  Tags: optional(list(string)),
  Meta: optional(record(string)),
  Proxy: optional(
    object<AgentServiceProxy>({
      DestinationServiceName: optional(string),
      DestinationServiceID: optional(string),
      LocalServiceAddress: optional(string),
      LocalServicePort: optional(number),
      LocalServiceSocketPath: optional(string),
      Mode: optional(string),
      Config: optional(record(anything)),
      Upstreams: optional(list(upstream)),
    }),
  ),
  Connect: optional(object<{ Native?: boolean }>({ Native: optional(boolean) })),
});

export const agentServices: Shape<Readonly<Record<string, AgentService>>> = record(agentService);

export const agentSelf: Shape<AgentSelf> = object<AgentSelf>({
  Config: object<AgentSelf['Config']>({ Datacenter: string, NodeName: string, Version: optional(string) }),
});

export const catalogServices: Shape<readonly CatalogService[]> = list(
  object<CatalogService>({
    Node: string,
    Address: string,
    Datacenter: optional(string),
    ServiceID: string,
    ServiceName: string,
    ServiceAddress: string,
    ServicePort: number,
    ServiceTags: list(string),
  }),
);

export const intentions: Shape<readonly Intention[]> = list(
  object<Intention>({
    CreatedAt: optional(string),
    UpdatedAt: optional(string),
    ID: optional(string),
    Description: optional(string),
    SourceNS: optional(string),
    SourceName: string,
    DestinationNS: optional(string),
    DestinationName: string,
    SourceType: optional(string),
    Action: optional(string),
    Permissions: optional(list(anything)),
    Meta: optional(record(string)),
    Precedence: number,
    Hash: optional(anything as Shape<string>),
    CreateIndex: optional(number),
    ModifyIndex: optional(number),
    SourcePartition: optional(string),
    DestinationPartition: optional(string),
    SourcePeer: optional(string),
    SourceSamenessGroup: optional(string),
    JWT: optional(anything),
  }),
);

/** Keyed by the names that were asked for; null where nothing matches. */
export const matches: Shape<Readonly<Record<string, readonly Intention[]>>> = record(intentions);
