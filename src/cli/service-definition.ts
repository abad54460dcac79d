/**
 * Service definitions as people write them in files (`local_bind_port`, in any case), turned into what the agent's API takes
 * (`LocalBindPort`). Values are left alone: the agent judges them.
 */

import { InputError } from '../base/index.ts';

/** Names as the API spells them, with what is below each. */
interface Members {
  readonly [name: string]: Below;
}

type Below =
  /** A value, or a map with keys of the user's own. */
  | 'as is'
  | { readonly members: () => Members }
  | { readonly listOf: () => Members }
  | { readonly mapOf: () => Members };

const upstream: Members = {
  DestinationType: 'as is',
  DestinationName: 'as is',
  DestinationNamespace: 'as is',
  DestinationPartition: 'as is',
  DestinationPeer: 'as is',
  Datacenter: 'as is',
  LocalBindAddress: 'as is',
  LocalBindPort: 'as is',
  LocalBindSocketPath: 'as is',
  LocalBindSocketMode: 'as is',
  Config: 'as is',
  MeshGateway: { members: () => ({ Mode: 'as is' }) },
};

const exposedPath: Members = {
  ListenerPort: 'as is',
  Path: 'as is',
  LocalPathPort: 'as is',
  Protocol: 'as is',
  ParsedFromCheck: 'as is',
};

const proxy: Members = {
  DestinationServiceName: 'as is',
  DestinationServiceID: 'as is',
  LocalServiceAddress: 'as is',
  LocalServicePort: 'as is',
  LocalServiceSocketPath: 'as is',
  Mode: 'as is',
  Config: 'as is',
  Upstreams: { listOf: () => upstream },
  MeshGateway: { members: () => ({ Mode: 'as is' }) },
  Expose: { members: () => ({ Checks: 'as is', Paths: { listOf: () => exposedPath } }) },
  TransparentProxy: { members: () => ({ OutboundListenerPort: 'as is', DialedDirectly: 'as is' }) },
};

const managedProxy: Members = {
  ExecMode: 'as is',
  Command: 'as is',
  Config: 'as is',
  Upstreams: { listOf: () => upstream },
};

const check: Members = {
  CheckID: 'as is',
  Name: 'as is',
  Status: 'as is',
  Notes: 'as is',
  ServiceID: 'as is',
  Args: 'as is',
  ScriptArgs: 'as is',
  Script: 'as is',
  HTTP: 'as is',
  H2PING: 'as is',
  H2PingUseTLS: 'as is',
  Header: 'as is',
  Method: 'as is',
  Body: 'as is',
  DisableRedirects: 'as is',
  TCP: 'as is',
  TCPUseTLS: 'as is',
  UDP: 'as is',
  OSService: 'as is',
  Interval: 'as is',
  DockerContainerID: 'as is',
  Shell: 'as is',
  GRPC: 'as is',
  GRPCUseTLS: 'as is',
  TLSServerName: 'as is',
  TLSSkipVerify: 'as is',
  AliasNode: 'as is',
  AliasService: 'as is',
  Timeout: 'as is',
  TTL: 'as is',
  SuccessBeforePassing: 'as is',
  FailuresBeforeWarning: 'as is',
  FailuresBeforeCritical: 'as is',
  DeregisterCriticalServiceAfter: 'as is',
  OutputMaxSize: 'as is',
  Token: 'as is',
};

const service: Members = {
  ID: 'as is',
  Name: 'as is',
  Kind: 'as is',
  Tags: 'as is',
  Address: 'as is',
  Port: 'as is',
  SocketPath: 'as is',
  Meta: 'as is',
  Weights: { members: () => ({ Passing: 'as is', Warning: 'as is' }) },
  EnableTagOverride: 'as is',
  TaggedAddresses: { mapOf: () => ({ Address: 'as is', Port: 'as is' }) },
  Token: 'as is',
  Check: { members: () => check },
  Checks: { listOf: () => check },
  Proxy: { members: () => proxy },
  ProxyDestination: 'as is',
  Connect: {
    members: () => ({
      Native: 'as is',
      Proxy: { members: () => managedProxy },
      SidecarService: { members: () => service },
    }),
  },
  Namespace: 'as is',
  Partition: 'as is',
  Locality: { members: () => ({ Region: 'as is', Zone: 'as is' }) },
};

/** Older or other spellings, flattened as `flatten` does, in the place of which the API has another name. */
const otherSpellings: ReadonlyMap<Members, Readonly<Record<string, string>>> = new Map([
  [check, { id: 'CheckID', service: 'ServiceID' }],
]);

export type JsonObject = Readonly<Record<string, unknown>>;

/** Throws InputError that names the key which is none, or the value of the wrong kind. `place` is where the definition stands. */
export function normalizeService(definition: unknown, place: string): JsonObject {
  return normalize(definition, service, place);
}

export function normalizeCheck(definition: unknown, place: string): JsonObject {
  return normalize(definition, check, place);
}

function normalize(value: unknown, members: Members, place: string): JsonObject {
  if (!isObject(value)) throw new InputError(place, `expected an object, found ${JSON.stringify(value)}`);
  const names = new Map(Object.keys(members).map((name) => [flatten(name), name]));
  const others = otherSpellings.get(members) ?? {};
  const entries = Object.entries(value).map(([key, inner]): [string, unknown] => {
    const name = names.get(flatten(key)) ?? others[flatten(key)];
    if (name === undefined) throw new InputError(`${place}.${key}`, 'there is no such key');
    return [name, normalizeBelow(inner, members[name] ?? 'as is', `${place}.${key}`)];
  });
  return Object.fromEntries(entries);
}

function normalizeBelow(value: unknown, below: Below, place: string): unknown {
  if (below === 'as is' || value === null) return value;
  if ('members' in below) return normalize(value, below.members(), place);
  if ('listOf' in below) {
    if (!Array.isArray(value)) throw new InputError(place, `expected a list, found ${JSON.stringify(value)}`);
    return value.map((entry, at) => normalize(entry, below.listOf(), `${place}[${at}]`));
  }
  if (!isObject(value)) throw new InputError(place, `expected an object, found ${JSON.stringify(value)}`);
  const entries = Object.entries(value).map(([key, inner]) => [
    key,
    normalize(inner, below.mapOf(), `${place}.${key}`),
  ]);
  return Object.fromEntries(entries);
}

/** `local_bind_port`, `LocalBindPort` and `LOCAL_BIND_PORT` are one name. */
export function flatten(key: string): string {
  return key.replaceAll('_', '').toLowerCase();
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
