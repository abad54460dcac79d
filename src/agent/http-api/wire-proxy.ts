/** The `Proxy` block of a service: read from requests, and written in the two forms that the agent and the catalog have of it. */

import { flag, integer, list, opaque, type Shape, struct, text } from '../../http/index.ts';
import type { ProxySettings, Upstream } from '../state/tables.ts';
import { nonZero } from './go-values.ts';

export interface UpstreamBody {
  readonly DestinationType?: string;
  readonly DestinationNamespace?: string;
  readonly DestinationName?: string;
  readonly Datacenter?: string;
  readonly LocalBindAddress?: string;
  readonly LocalBindPort?: number;
  readonly LocalBindSocketPath?: string;
  readonly LocalBindSocketMode?: string;
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly MeshGateway?: Readonly<Record<string, unknown>>;
}

export const upstreamBody: Shape<UpstreamBody> = struct<UpstreamBody>(
  {
    DestinationType: text,
    DestinationNamespace: text,
    DestinationName: text,
    Datacenter: text,
    LocalBindAddress: text,
    LocalBindPort: integer,
    LocalBindSocketPath: text,
    LocalBindSocketMode: text,
    Config: opaque,
    MeshGateway: opaque,
  },
  {
    type: 'Upstream',
    aliases: {
      destination_type: 'DestinationType',
      destination_namespace: 'DestinationNamespace',
      destination_name: 'DestinationName',
      local_bind_address: 'LocalBindAddress',
      local_bind_port: 'LocalBindPort',
      local_bind_socket_path: 'LocalBindSocketPath',
      local_bind_socket_mode: 'LocalBindSocketMode',
      mesh_gateway: 'MeshGateway',
    },
    ignored: [
      'DestinationPartition',
      'destination_partition',
      'DestinationPeer',
      'destination_peer',
      'CentrallyConfigured',
      'IngressHosts',
    ],
  },
);

interface ExposedPathBody {
  readonly ListenerPort?: number;
  readonly Path?: string;
  readonly LocalPathPort?: number;
  readonly Protocol?: string;
  readonly ParsedFromCheck?: boolean;
}

interface ExposeBody {
  readonly Checks?: boolean;
  readonly Paths?: readonly ExposedPathBody[];
}

const exposeBody: Shape<ExposeBody> = struct<ExposeBody>(
  {
    Checks: flag,
    Paths: list(
      struct<ExposedPathBody>(
        { ListenerPort: integer, Path: text, LocalPathPort: integer, Protocol: text, ParsedFromCheck: flag },
        {
          type: 'ExposePath',
          aliases: { listener_port: 'ListenerPort', local_path_port: 'LocalPathPort' },
          ignored: ['CAFile', 'ParsedFromCheck'],
        },
      ),
      {},
    ),
  },
  { type: 'ExposeConfig' },
);

interface TransparentProxyBody {
  readonly OutboundListenerPort?: number;
  readonly DialedDirectly?: boolean;
}

export interface ProxyBody {
  readonly DestinationServiceName?: string;
  readonly DestinationServiceID?: string;
  readonly LocalServiceAddress?: string;
  readonly LocalServicePort?: number;
  readonly LocalServiceSocketPath?: string;
  readonly Mode?: string;
  readonly TransparentProxy?: TransparentProxyBody;
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly Upstreams?: readonly UpstreamBody[];
  readonly MeshGateway?: Readonly<Record<string, unknown>>;
  readonly Expose?: ExposeBody;
}

export const proxyBody: Shape<ProxyBody> = struct<ProxyBody>(
  {
    DestinationServiceName: text,
    DestinationServiceID: text,
    LocalServiceAddress: text,
    LocalServicePort: integer,
    LocalServiceSocketPath: text,
    Mode: text,
    TransparentProxy: struct<TransparentProxyBody>(
      { OutboundListenerPort: integer, DialedDirectly: flag },
      {
        type: 'TransparentProxyConfig',
        aliases: { outbound_listener_port: 'OutboundListenerPort', dialed_directly: 'DialedDirectly' },
      },
    ),
    Config: opaque,
    Upstreams: list(upstreamBody, {}),
    MeshGateway: opaque,
    Expose: exposeBody,
  },
  {
    type: 'ConnectProxyConfig',
    aliases: {
      destination_service_name: 'DestinationServiceName',
      destination_service_id: 'DestinationServiceID',
      local_service_address: 'LocalServiceAddress',
      local_service_port: 'LocalServicePort',
      local_service_socket_path: 'LocalServiceSocketPath',
      transparent_proxy: 'TransparentProxy',
      mesh_gateway: 'MeshGateway',
    },
    ignored: ['AccessLogs', 'access_logs', 'EnvoyExtensions', 'envoy_extensions', 'MutualTLSMode', 'mutual_tls_mode'],
  },
);

/** Nothing is defaulted; what is empty is as good as absent. */
export function proxyFromBody(body: ProxyBody): ProxySettings {
  return {
    destinationServiceName: body.DestinationServiceName ?? '',
    ...nonZero({
      destinationServiceId: body.DestinationServiceID,
      localServiceAddress: body.LocalServiceAddress,
      localServicePort: body.LocalServicePort,
      localServiceSocketPath: body.LocalServiceSocketPath,
      mode: body.Mode,
      transparentProxy: nonZero(body.TransparentProxy ?? {}),
      config: body.Config,
      upstreams: body.Upstreams?.map(upstreamFromBody),
      meshGateway: nonZero(body.MeshGateway ?? {}),
      expose: nonZero({ Checks: body.Expose?.Checks, Paths: body.Expose?.Paths?.map(nonZero) }),
    }),
  };
}

export function upstreamFromBody(body: UpstreamBody): Upstream {
  return {
    destinationType: body.DestinationType ?? '',
    destinationName: body.DestinationName ?? '',
    ...nonZero({
      destinationNamespace: body.DestinationNamespace,
      datacenter: body.Datacenter,
      localBindAddress: body.LocalBindAddress,
      localBindPort: body.LocalBindPort,
      localBindSocketPath: body.LocalBindSocketPath,
      localBindSocketMode: body.LocalBindSocketMode,
      config: body.Config,
      meshGateway: nonZero(body.MeshGateway ?? {}),
    }),
  };
}

/** The two differ in what they leave out: the catalog always has `Mode` and the upstreams' `Datacenter`, the agent never when empty. */
type ProxyForm = 'agent' | 'catalog';

export function proxyToWire(proxy: ProxySettings | undefined, form: ProxyForm): object {
  return {
    ...nonZero({
      DestinationServiceName: proxy?.destinationServiceName,
      DestinationServiceID: proxy?.destinationServiceId,
      LocalServiceAddress: proxy?.localServiceAddress,
      LocalServicePort: proxy?.localServicePort,
      LocalServiceSocketPath: proxy?.localServiceSocketPath,
    }),
    ...(form === 'catalog' ? { Mode: proxy?.mode ?? '' } : nonZero({ Mode: proxy?.mode })),
    ...nonZero({
      TransparentProxy: proxy?.transparentProxy,
      Config: proxy?.config,
      Upstreams: proxy?.upstreams?.map((upstream) => upstreamToWire(upstream, form)),
    }),
    MeshGateway: proxy?.meshGateway ?? {},
    Expose: proxy?.expose ?? {},
  };
}

function upstreamToWire(upstream: Upstream, form: ProxyForm): object {
  return {
    ...nonZero({
      DestinationType: upstream.destinationType,
      DestinationNamespace: upstream.destinationNamespace,
    }),
    DestinationName: upstream.destinationName,
    ...(form === 'catalog' ? { Datacenter: upstream.datacenter ?? '' } : nonZero({ Datacenter: upstream.datacenter })),
    ...nonZero({
      LocalBindAddress: upstream.localBindAddress,
      LocalBindPort: upstream.localBindPort,
      LocalBindSocketPath: upstream.localBindSocketPath,
      LocalBindSocketMode: upstream.localBindSocketMode,
      Config: upstream.config,
    }),
    MeshGateway: upstream.meshGateway ?? {},
  };
}
