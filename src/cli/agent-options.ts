/** What the agent room needs, made of what people say in Consul's words. */

import { isIP } from 'node:net';
import type { AgentOptions } from '../agent/index.ts';
import { InputError, parseDuration } from '../base/index.ts';
import { flagKeys } from './agent-flags.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { JsonObject } from './config/kinds.ts';

const defaultHost = '127.0.0.1';
const defaultPort = 8500;

/** Throws InputError that names the key. The rest is checked by the agent; see `keyOfError`. */
export function agentOptions(settings: AgentSettings): AgentOptions {
  const { clusterId, caConfig } = splitCaConfig(settings.caConfig);
  return withoutUndefined({
    dataDir: settings.dataDir,
    dev: settings.isDev,
    http: httpAddresses(settings),
    nodeName: settings.nodeName,
    nodeId: settings.nodeId,
    nodeMeta: settings.nodeMeta,
    nodeAddress: nodeAddress(settings),
    datacenter: settings.datacenter?.toLowerCase(),
    acl: {
      enabled: settings.aclEnabled ?? false,
      defaultPolicy: policy(settings.aclDefaultPolicy, 'acl.default_policy') ?? 'allow',
      tokens: settings.aclTokens ?? {},
    },
    defaultIntentionPolicy: policy(settings.defaultIntentionPolicy, 'default_intention_policy'),
    access: { blockedPaths: settings.blockedPaths ?? [], writersFrom: settings.writersFrom ?? [] },
    responseHeaders: settings.responseHeaders,
    limits: withoutUndefined({
      headers: headerBytes(settings.maxHeaderBytes),
      connectionsPerClient: settings.connectionsPerClient,
      requestRatePerClient: settings.requestRatePerClient,
    }),
    clusterId,
    caConfig,
    sidecarPorts: sidecarPorts(settings),
    managedProxies: managedProxies(settings),
    scriptChecks: settings.enableScriptChecks ? 'on' : settings.enableLocalScriptChecks ? 'files' : 'off',
    checkUpdateInterval: interval(settings.checkUpdateInterval),
    definitions: { services: settings.services, checks: settings.checks },
  });
}

/** Where the agent's own names for settings are not those of the keys. */
const keys: Readonly<Record<string, string>> = {
  'access.blockedPaths': 'http_config.block_endpoints',
  'access.writersFrom': 'http_config.allow_write_http_from',
  dataDir: 'data_dir',
  http: 'ports.http',
  nodeName: 'node_name',
  nodeId: 'node_id',
  nodeMeta: 'node_meta',
  nodeAddress: 'bind_addr',
  datacenter: 'datacenter',
  clusterId: 'connect.ca_config.cluster_id',
  caConfig: 'connect.ca_config',
  responseHeaders: 'http_config.response_headers',
  'limits.headers': 'http_config.max_header_bytes',
  'limits.connectionsPerClient': 'limits.http_max_conns_per_client',
  'limits.requestRatePerClient': 'limits.http_max_request_rate_per_client',
  'acl.tokens': 'acl.tokens',
  managedProxies: 'connect.proxy_defaults',
  sidecarPorts: 'ports.sidecar_min_port',
};

/** The key that an error of `agentOptions` or of the agent is about, and what it says of it. */
export function keyOfError(error: InputError): { readonly key: string; readonly message: string } {
  const [name = '', below = ''] = error.place.split(/[.[]/);
  const message = error.place === '' ? error.message : error.message.slice(error.place.length + 2);
  return { key: keys[`${name}.${below}`] ?? keys[name] ?? error.place, message };
}

/** A key with the flag that says the same: `-bind (bind_addr)`. */
export function formatKey(key: string): string {
  const flag = Object.entries(flagKeys).find(([, said]) => said === key)?.[0];
  return flag === undefined ? key : `-${flag} (${key})`;
}

/** `addresses.http` wins over `client_addr`; each may name several, apart by spaces. */
function httpAddresses({ httpAddress, clientAddress, httpPort = defaultPort }: AgentSettings): AgentOptions['http'] {
  if (httpPort < 0) throw new InputError('ports.http', 'an agent without HTTP is of no use');
  const [text, place] = httpAddress ? [httpAddress, 'addresses.http'] : [clientAddress || defaultHost, 'client_addr'];
  return text
    .trim()
    .split(/\s+/)
    .map((address) => {
      const path = /^unix:\/\/(.+)$/.exec(address)?.[1];
      if (path !== undefined) return { path };
      const host = address.replace(/^\[(.*)\]$/, '$1');
      if (!/^[\w.:%-]+$/.test(host))
        throw new InputError(place, `expected an address, found ${JSON.stringify(address)}`);
      return { host, port: httpPort };
    });
}

/** An address of every interface is none to be found under. */
function nodeAddress({ advertiseAddress, bindAddress }: AgentSettings): string | undefined {
  for (const [text, place] of [
    [advertiseAddress, 'advertise_addr'],
    [bindAddress, 'bind_addr'],
  ] as const) {
    if (text === undefined) continue;
    const isEvery = /^(?:0\.0\.0\.0|::|\[::\])$/.test(text);
    if (isEvery && place === 'bind_addr') continue;
    if (isEvery || isIP(text) === 0)
      throw new InputError(place, `expected an IP address, found ${JSON.stringify(text)}`);
    return text;
  }
  return undefined;
}

function policy(text: string | undefined, place: string): 'allow' | 'deny' | undefined {
  if (text === undefined || text === 'allow' || text === 'deny') return text;
  throw new InputError(place, `expected allow or deny, found ${JSON.stringify(text)}`);
}

function sidecarPorts({ sidecarMinPort, sidecarMaxPort }: AgentSettings): AgentOptions['sidecarPorts'] {
  if (sidecarMinPort === undefined && sidecarMaxPort === undefined) return undefined;
  return { min: sidecarMinPort ?? 21_000, max: sidecarMaxPort ?? 21_255 };
}

/** What is left out is the agent's to choose. */
function managedProxies(settings: AgentSettings): AgentOptions['managedProxies'] {
  const { proxyMinPort, proxyMaxPort, proxyExecMode } = settings;
  if (proxyExecMode !== undefined && proxyExecMode !== 'daemon' && proxyExecMode !== 'script')
    throw new InputError('connect.proxy_defaults.exec_mode', 'expected daemon or script');
  const hasPorts = proxyMinPort !== undefined || proxyMaxPort !== undefined;
  return {
    allowApiRegistration: settings.allowManagedApiRegistration,
    allowRoot: settings.allowManagedRoot,
    bindAddress: settings.bindAddress || undefined,
    ports: hasPorts ? { min: proxyMinPort ?? 20_000, max: proxyMaxPort ?? 20_255 } : undefined,
    defaults: {
      execMode: proxyExecMode,
      daemonCommand: settings.proxyDaemonCommand,
      scriptCommand: settings.proxyScriptCommand,
      config: settings.proxyConfig,
    },
  };
}

/** 0 and less have always been the words for the usual limit. */
function headerBytes(count: number | undefined): number | undefined {
  return count === undefined || count <= 0 ? undefined : count;
}

function interval(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new InputError('check_update_interval', 'expected a duration such as 5m');
  return milliseconds;
}

/** Consul has the name of the cluster among the settings of its CA. */
function splitCaConfig(caConfig: JsonObject | undefined): { clusterId?: string; caConfig?: JsonObject } {
  if (!caConfig) return {};
  const { cluster_id: snake, ClusterID: camel, ...others } = caConfig;
  const clusterId = snake ?? camel;
  if (clusterId !== undefined && typeof clusterId !== 'string') {
    throw new InputError('connect.ca_config.cluster_id', 'expected a UUID');
  }
  return { caConfig: others, ...(clusterId !== undefined && { clusterId }) };
}

/** For people: `127.0.0.1:8500`, `[::1]:8500`, `unix:///path`. */
export function formatHttpAddress(address: NonNullable<AgentOptions['http']>[number]): string {
  if ('path' in address) return `unix://${address.path}`;
  return `${address.host.includes(':') ? `[${address.host}]` : address.host}:${address.port}`;
}

function withoutUndefined<T extends object>(object: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  const entries = Object.entries(object).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [Key in keyof T]: Exclude<T[Key], undefined> };
}
