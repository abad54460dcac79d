/** Configuration from the flags of `consul connect proxy`. What Consul refuses is refused in its words, so that scripts that look for them find them. */

import { InputError } from '../base/index.ts';
import {
  defaultTimeouts,
  type InboundConfig,
  isPort,
  type ProxyConfig,
  parseAddress,
  type UpstreamConfig,
  type UpstreamTarget,
} from './config.ts';

/** Values as they were written; what was not given is absent. */
export interface ProxyFlags {
  readonly proxyId?: string;
  readonly sidecarFor?: string;
  readonly service?: string;
  readonly upstreams?: readonly string[];
  readonly serviceAddr?: string;
  readonly listen?: string;
  readonly register?: boolean;
  readonly registerId?: string;
}

/** Where the configuration comes from, and so how it changes. */
export type ConfigOrigin =
  | { readonly kind: 'proxy id'; readonly proxyId: string }
  | { readonly kind: 'sidecar for'; readonly serviceId: string }
  | { readonly kind: 'flags'; readonly config: ProxyConfig; readonly registration?: Registration };

/** How the proxy registers itself. */
export interface Registration {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Empty: the address of the node. */
  readonly address: string;
  readonly port: number;
}

/** Throws an `InputError` for what can't be used. */
export function originFromFlags(flags: ProxyFlags): ConfigOrigin {
  const upstreams = flagUpstreams(flags.upstreams ?? []);
  const named = (flags.proxyId ?? '') !== '' || (flags.sidecarFor ?? '') !== '';
  if (flags.register && (named || !flags.service || !flags.listen))
    throw new InputError('', '-register may only be specified with -service and -listen');
  if (flags.proxyId) return { kind: 'proxy id', proxyId: flags.proxyId };
  if (flags.sidecarFor) return { kind: 'sidecar for', serviceId: flags.sidecarFor };
  if (!flags.service)
    throw new InputError('', '-service or -proxy-id must be specified so that proxy can configure itself.');
  const inbound = flags.listen ? flagInbound(flags.listen, flags.serviceAddr) : undefined;
  const config: ProxyConfig = { service: flags.service, upstreams, ...(inbound && { inbound }) };
  if (!flags.register || inbound === undefined) return { kind: 'flags', config };
  return { kind: 'flags', config, registration: registrationOf(flags.service, flags.registerId, flags.listen ?? '') };
}

function flagInbound(listen: string, serviceAddr: string | undefined): InboundConfig {
  if (!serviceAddr)
    throw new InputError(
      '',
      '-service-addr must be specified with -listen so the proxy knows the backend service address.',
    );
  const bind = parseAddress(listen);
  if (bind === undefined) throw new InputError('-listen', `expected host:port or :port, got ${JSON.stringify(listen)}`);
  const local = parseAddress(serviceAddr);
  if (local === undefined)
    throw new InputError('-service-addr', `expected host:port, got ${JSON.stringify(serviceAddr)}`);
  return {
    bind: { host: bind.host || '0.0.0.0', port: bind.port },
    localService: { host: local.host || '127.0.0.1', port: local.port },
    handshakeTimeout: defaultTimeouts.handshake,
    localConnectTimeout: defaultTimeouts.localConnect,
  };
}

/** Keyed by name, as Consul does: a repeated name overwrites the earlier one. */
function flagUpstreams(values: readonly string[]): UpstreamConfig[] {
  return [...new Map(values.map((value) => parseUpstream(value))).values()];
}

/** `name[.type]:[host:]port`; an IPv6 host stands in brackets. */
function parseUpstream(value: string): [string, UpstreamConfig] {
  const colon = value.indexOf(':');
  if (colon < 0) throw new InputError('', `Upstream value should be name:addr in ${JSON.stringify(value)}`);
  const [name = '', ...type] = value.slice(0, colon).split('.');
  const target = upstreamTarget(name, type.join('.'));
  const where = value.slice(colon + 1);
  const bind = parseAddress(where.includes(':') ? where : `:${where}`);
  if (name === '' || bind === undefined)
    throw new InputError(
      '-upstream',
      `expected name:[host:]port with a port from 1 to 65535, got ${JSON.stringify(value)}`,
    );
  return [
    name,
    {
      target,
      bind: { host: bind.host || '127.0.0.1', port: bind.port },
      connectTimeout: defaultTimeouts.connect,
    },
  ];
}

function upstreamTarget(name: string, type: string): UpstreamTarget {
  if (type === '' || type === 'service') return { service: name };
  if (type === 'query') return { query: name };
  throw new InputError('', `Upstream type must be blank, 'service', or 'query'. Got: ${JSON.stringify(type)}`);
}

function registrationOf(service: string, suffix: string | undefined, listen: string): Registration {
  const address = parseAddress(listen);
  if (address === undefined || !isPort(address.port)) throw new InputError('-listen', 'expected host:port or :port');
  const name = `${service}-proxy`;
  return { id: suffix ? `${name}-${suffix}` : name, name, service, address: address.host, port: address.port };
}
