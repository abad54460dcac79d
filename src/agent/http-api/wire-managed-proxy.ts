/**
 * Managed proxies as requests and answers have them. The answers are those of the versions that had managed proxies, up to 1.5: no later
 * one has a form of its own.
 */

import { InputError } from '../../base/index.ts';
import { list, opaque, type Shape, struct, text } from '../../http/index.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import type { ManagedProxyRequest } from '../registry/request.ts';
import type { ExecMode } from '../state/managed-proxies.ts';
import type { Upstream } from '../state/tables.ts';
import { isZero, nonZero, sorted } from './go-values.ts';
import { type UpstreamBody, upstreamBody, upstreamFromBody } from './wire-proxy.ts';

interface ManagedProxyBody {
  readonly ExecMode?: string;
  readonly Command?: readonly string[];
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly Upstreams?: readonly UpstreamBody[];
}

const managedProxyBody: Shape<ManagedProxyBody> = struct<ManagedProxyBody>(
  { ExecMode: text, Command: list(text, ''), Config: opaque, Upstreams: list(upstreamBody, {}) },
  { type: 'ServiceDefinitionConnectProxy', aliases: { exec_mode: 'ExecMode' }, lenient: true },
);

/** Of `Connect.Proxy`. Throws an InputError for what can't be used. */
export function managedProxyFromBody(value: unknown): ManagedProxyRequest {
  const body = managedProxyBody.read(value, { struct: 'ServiceConnect', fields: ['Connect', 'Proxy'] }) ?? {};
  const { upstreams: older, ...config } = body.Config ?? {};
  return {
    ...(body.ExecMode ? { execMode: execModeOf(body.ExecMode) } : {}),
    command: body.Command ?? [],
    config,
    upstreams: [...(body.Upstreams ?? []).map(upstreamFromBody), ...olderUpstreams(older)],
  };
}

function execModeOf(text: string): ExecMode {
  if (text === 'daemon' || text === 'script') return text;
  throw new InputError('', `invalid exec mode: ${text}`);
}

/** Upstreams in the place that they had in 1.2: among the configuration, with their own configuration beside the rest. */
function olderUpstreams(value: unknown): Upstream[] {
  if (isZero(value)) return [];
  if (!Array.isArray(value)) throw new InputError('', 'Connect.Proxy.Config.upstreams: expected a list');
  return value.map((entry: unknown, at) => {
    const place = `Connect.Proxy.Config.upstreams[${at}]`;
    if (typeof entry !== 'object' || entry === null) throw new InputError('', `${place}: expected an object`);
    const body: Record<string, unknown> = {};
    const config: Record<string, unknown> = {};
    for (const [key, member] of Object.entries(entry)) {
      const name = olderNames[key];
      if (name === undefined) config[key] = member;
      else body[name] = name === 'LocalBindPort' && typeof member === 'string' ? Number(member) : member;
    }
    const read = upstreamBody.read({ ...body, Config: config }, { struct: 'Upstream', fields: [place] });
    return upstreamFromBody(read ?? {});
  });
}

const olderNames: Readonly<Record<string, string>> = {
  destination_name: 'DestinationName',
  destination_type: 'DestinationType',
  destination_namespace: 'DestinationNamespace',
  destination_datacenter: 'Datacenter',
  datacenter: 'Datacenter',
  local_bind_address: 'LocalBindAddress',
  local_bind_port: 'LocalBindPort',
};

/** `Connect.Proxy` of the service that has the proxy. */
export function managedProxyToWire({ execMode, command, ownConfig, upstreams }: ManagedProxy): object {
  return {
    ExecMode: execMode,
    Command: command,
    Config: sorted(ownConfig),
    Upstreams: upstreams.map(upstreamToWire),
  };
}

/** Of `/v1/agent/connect/proxy/:id`. */
export function proxyConfigToWire(proxy: ManagedProxy, contentHash: string, config: ManagedProxy['config']): object {
  return {
    ProxyServiceID: proxy.id,
    TargetServiceID: proxy.target.id,
    TargetServiceName: proxy.target.name,
    ContentHash: contentHash,
    ExecMode: proxy.execMode,
    Command: proxy.command,
    Config: sorted(config),
    Upstreams: proxy.upstreams.map(upstreamToWire),
  };
}

/** Of `/v1/agent/service/:id`: the same, in the form of a sidecar's registration. */
export function proxyServiceToWire(proxy: ManagedProxy, contentHash: string, config: ManagedProxy['config']): object {
  const local = splitAddress(String(config['local_service_address'] ?? ''));
  return {
    Kind: 'connect-proxy',
    ID: proxy.id,
    Service: proxy.service.name,
    Tags: null,
    Meta: null,
    Port: proxy.service.port,
    Address: String(config['bind_address'] ?? ''),
    Weights: { Passing: 0, Warning: 0 },
    EnableTagOverride: false,
    ContentHash: contentHash,
    Proxy: {
      DestinationServiceName: proxy.target.name,
      DestinationServiceID: proxy.target.id,
      ...nonZero({ LocalServiceAddress: local.host, LocalServicePort: local.port }),
      Config: sorted(config),
      Upstreams: proxy.upstreams.map(upstreamToWire),
    },
  };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [, bracketed, plain = '', port = '0'] = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(address) ?? [];
  return { host: bracketed ?? plain, port: Number(port) };
}

function upstreamToWire(upstream: Upstream): object {
  return {
    DestinationType: upstream.destinationType,
    ...nonZero({ DestinationNamespace: upstream.destinationNamespace }),
    DestinationName: upstream.destinationName,
    ...nonZero({ Datacenter: upstream.datacenter, LocalBindAddress: upstream.localBindAddress }),
    LocalBindPort: upstream.localBindPort ?? 0,
    ...nonZero({ LocalBindSocketPath: upstream.localBindSocketPath, Config: upstream.config }),
  };
}
