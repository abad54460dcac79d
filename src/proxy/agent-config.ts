/** Configuration from a proxy's registration, as `/v1/agent/service/:id` answers it. What can't be used is named and left out; the rest goes on. */

import { InputError } from '../base/index.ts';
import type { BindAddress, DialAddress } from '../relay/index.ts';
import {
  defaultTimeouts,
  formatAddress,
  type InboundConfig,
  isPort,
  type ProxyConfig,
  parseAddress,
  type UpstreamConfig,
  type UpstreamTarget,
} from './config.ts';

export interface AgentConfig {
  /** Absent when the service is no proxy at all. */
  readonly config?: ProxyConfig;
  /** Each names its place, such as `Proxy.Upstreams[0].LocalBindPort`. */
  readonly errors: readonly InputError[];
}

/** `answer` is the decoded JSON of one service. Never throws. */
export function readAgentConfig(answer: unknown): AgentConfig {
  const errors: InputError[] = [];
  const registered = new Reader('', answer);
  const proxy = registered.at('Proxy');
  const service = attempt(errors, () => readService(registered, proxy));
  if (service === undefined) return { errors };
  const inbound = attempt(errors, () => readInbound(registered, proxy));
  const taken = new Set<string>();
  const upstreams = [...proxy.list('Upstreams'), ...deprecatedUpstreams(proxy)].flatMap((entry) => {
    return attempt(errors, () => distinct(taken, entry, readUpstream(entry))) ?? [];
  });
  return { config: { service, upstreams, ...(inbound && { inbound }) }, errors };
}

function readService(registered: Reader, proxy: Reader): string {
  const service = proxy.text('DestinationServiceName');
  if (registered.text('Kind') === 'connect-proxy' && service !== '') return service;
  throw new InputError('', `service with id ${registered.text('ID')} is not a valid connect proxy`);
}

/** Undefined when neither the registration nor its `Config` names a port: then there is nothing to listen on. */
function readInbound(registered: Reader, proxy: Reader): InboundConfig | undefined {
  const config = proxy.at('Config');
  const own = registered.number('Port') ?? 0;
  const port = own === 0 ? (config.number('bind_port') ?? 0) : own;
  if (port === 0) return undefined;
  if (!isPort(port))
    throw new InputError(own === 0 ? config.place('bind_port') : 'Port', 'expected a port, 1 to 65535');
  return {
    bind: { host: registered.text('Address') || config.text('bind_address') || '0.0.0.0', port },
    localService: readLocalService(proxy, config),
    handshakeTimeout: config.milliseconds('handshake_timeout_ms', defaultTimeouts.handshake),
    localConnectTimeout: config.milliseconds('local_connect_timeout_ms', defaultTimeouts.localConnect),
  };
}

function readLocalService(proxy: Reader, config: Reader): DialAddress {
  const path = proxy.text('LocalServiceSocketPath');
  if (path !== '') return { path };
  const port = proxy.number('LocalServicePort') ?? 0;
  if (port > 0) {
    if (!isPort(port)) throw new InputError(proxy.place('LocalServicePort'), 'expected a port, 1 to 65535');
    return { host: proxy.text('LocalServiceAddress') || '127.0.0.1', port };
  }
  const text = config.text('local_service_address');
  if (text === '')
    throw new InputError(proxy.place('LocalServicePort'), 'expected the port of the application, 1 to 65535');
  const address = parseAddress(text);
  if (address === undefined) throw new InputError(config.place('local_service_address'), 'expected host:port');
  return { host: address.host || '127.0.0.1', port: address.port };
}

function readUpstream(entry: Reader): UpstreamConfig {
  return {
    target: readTarget(entry),
    bind: readBind(entry),
    connectTimeout: entry.at('Config').milliseconds('connect_timeout_ms', defaultTimeouts.connect),
  };
}

function readBind(entry: Reader): BindAddress {
  const path = entry.text('LocalBindSocketPath');
  if (path !== '') return { path };
  const port = entry.number('LocalBindPort');
  if (!isPort(port)) throw new InputError(entry.place('LocalBindPort'), 'expected a port, 1 to 65535');
  return { host: entry.text('LocalBindAddress') || '127.0.0.1', port };
}

/** A namespace, partition or peer that we don't know would otherwise be dialled as the default one's service of the same name. */
function readTarget(entry: Reader): UpstreamTarget {
  for (const key of ['DestinationNamespace', 'DestinationPartition'])
    if (!['', 'default'].includes(entry.text(key)))
      throw new InputError(entry.place(key), 'expected "default" or nothing');
  if (entry.text('DestinationPeer') !== '') throw new InputError(entry.place('DestinationPeer'), 'expected nothing');
  const name = entry.text('DestinationName');
  if (name === '') throw new InputError(entry.place('DestinationName'), 'expected the name of a service or query');
  if (name.includes('/')) throw new InputError(entry.place('DestinationName'), 'a name with "/" is in no certificate');
  const datacenter = entry.text('Datacenter');
  const place = datacenter === '' ? {} : { datacenter };
  switch (entry.text('DestinationType')) {
    case '':
    case 'service':
      return { service: name, ...place };
    case 'prepared_query':
      return { query: name, ...place };
    default:
      throw new InputError(entry.place('DestinationType'), 'expected "service" or "prepared_query"');
  }
}

/** Adds the address to those that are taken. */
function distinct(taken: Set<string>, entry: Reader, upstream: UpstreamConfig): UpstreamConfig {
  const address = formatAddress(upstream.bind);
  if (taken.has(address))
    throw new InputError(entry.place('LocalBindPort'), `${address} is taken by an earlier upstream`);
  taken.add(address);
  return upstream;
}

/** Upstreams inside `Config`, as they were written for managed proxies before they had a place of their own. */
function deprecatedUpstreams(proxy: Reader): Reader[] {
  if (proxy.list('Upstreams').length > 0) return [];
  return proxy
    .at('Config')
    .list('upstreams')
    .map((entry) => entry.renamed(deprecatedKeys));
}

const deprecatedKeys: Readonly<Record<string, string>> = {
  DestinationName: 'destination_name',
  DestinationType: 'destination_type',
  DestinationNamespace: 'destination_namespace',
  Datacenter: 'destination_datacenter',
  LocalBindAddress: 'local_bind_address',
  LocalBindPort: 'local_bind_port',
};

function attempt<T>(errors: InputError[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    errors.push(error);
    return undefined;
  }
}

/** Reads the fields of one JSON object and knows the place of each, for errors. Absent and null are alike. */
class Reader {
  readonly #place: string;
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #names: Readonly<Record<string, string>>;

  constructor(place: string, value: unknown, names: Readonly<Record<string, string>> = {}) {
    this.#place = place;
    this.#fields = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    this.#names = names;
  }

  /** The same object with other spellings; its own timeouts lie beside the rest instead of in a `Config` of its own. */
  renamed(names: Readonly<Record<string, string>>): Reader {
    return new Reader(this.#place, { ...this.#fields, Config: this.#fields }, names);
  }

  place(key: string): string {
    const name = this.#names[key] ?? key;
    return this.#place === '' ? name : `${this.#place}.${name}`;
  }

  at(key: string): Reader {
    return new Reader(this.place(key), this.#value(key));
  }

  list(key: string): Reader[] {
    const value = this.#value(key);
    return Array.isArray(value) ? value.map((entry, index) => new Reader(`${this.place(key)}[${index}]`, entry)) : [];
  }

  text(key: string): string {
    const value = this.#value(key) ?? '';
    if (typeof value !== 'string') throw new InputError(this.place(key), 'expected text');
    if (value.includes('\0')) throw new InputError(this.place(key), 'expected text without NUL'); // node:net throws
    return value;
  }

  /** Also from text, as it comes out of hand-written definitions. */
  number(key: string): number | undefined {
    const value = this.#value(key) ?? undefined;
    if (value === undefined || value === '') return undefined;
    const number = typeof value === 'string' ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isFinite(number))
      throw new InputError(this.place(key), 'expected a number');
    return number;
  }

  milliseconds(key: string, otherwise: number): number {
    const value = this.number(key) ?? otherwise;
    if (value < 1 || value > longestTimeout)
      throw new InputError(this.place(key), `expected milliseconds, 1 to ${longestTimeout}`);
    return Math.round(value);
  }

  #value(key: string): unknown {
    return this.#fields[this.#names[key] ?? key];
  }
}

/** A day: more is a mistake in the unit. */
const longestTimeout = 86_400_000;
