/** What the agent room needs, made of what people say in Consul's words. */

import { isIP } from 'node:net';
import type { AgentOptions } from '../agent/index.ts';
import { InputError, parseDuration } from '../base/index.ts';
import type { AgentSettings } from './agent-settings.ts';
import type { JsonObject } from './service-definition.ts';

const defaultHost = '127.0.0.1';
const defaultPort = 8500;

/** Throws InputError that names the flag and the key. The rest is checked by the agent; see `inConsulsWords`. */
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
    defaultIntentionPolicy: policy(
      settings.defaultIntentionPolicy,
      '-default-intention-policy (default_intention_policy)',
    ),
    clusterId,
    caConfig,
    sidecarPorts: sidecarPorts(settings),
    checkUpdateInterval: interval(settings.checkUpdateInterval),
    definitions: { services: settings.services, checks: settings.checks },
  });
}

const places: Readonly<Record<string, string>> = {
  dataDir: '-data-dir (data_dir)',
  http: '-http-port (ports.http)',
  nodeName: '-node (node_name)',
  nodeId: '-node-id (node_id)',
  nodeMeta: '-node-meta (node_meta)',
  nodeAddress: '-bind (bind_addr)',
  datacenter: '-datacenter (datacenter)',
  clusterId: 'connect.ca_config.cluster_id',
  caConfig: 'connect.ca_config',
  acl: 'acl.tokens',
  sidecarPorts: 'ports.sidecar_min_port, ports.sidecar_max_port',
};

/** An error that names one of the agent's own settings, with the name by which people know it. */
export function inConsulsWords(error: InputError): InputError {
  const [name = ''] = error.place.split(/[.[]/);
  const known = places[name];
  if (known === undefined) return error;
  return new InputError(known, error.message.slice(error.place.length + 2), { cause: error });
}

/** `addresses.http` wins over `client_addr`; each may name several, apart by spaces. */
function httpAddresses({ httpAddress, clientAddress, httpPort = defaultPort }: AgentSettings): AgentOptions['http'] {
  if (httpPort < 0) throw new InputError('-http-port (ports.http)', 'an agent without HTTP is of no use');
  const [text, place] = httpAddress
    ? [httpAddress, 'addresses.http']
    : [clientAddress || defaultHost, '-client (client_addr)'];
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
    [advertiseAddress, '-advertise (advertise_addr)'],
    [bindAddress, '-bind (bind_addr)'],
  ] as const) {
    if (text === undefined || /^(?:|0\.0\.0\.0|::)$/.test(text)) continue;
    if (isIP(text) === 0) throw new InputError(place, `expected an IP address, found ${JSON.stringify(text)}`);
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
