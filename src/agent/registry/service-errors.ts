/** What is wrong with a registration. The texts are those that clients of Consul know. */

import type { ProxySettings, Upstream } from '../state/tables.ts';
import type { ServiceRequest } from './request.ts';

/** Several mistakes in the form that Consul gives them; undefined when there are none. */
export function formatErrors(errors: readonly string[]): string | undefined {
  if (errors.length === 0) return undefined;
  const heading = errors.length === 1 ? '1 error occurred:' : `${errors.length} errors occurred:`;
  return `${heading}\n${errors.map((error) => `\t* ${error}\n`).join('')}\n`;
}

/** `0.0.0.0`, `::` and their like are addresses to listen on, not to dial. */
export function isAnyAddress(address: string): boolean {
  return ['0.0.0.0', '::', '[::]', '0:0:0:0:0:0:0:0', '::0'].includes(address.trim());
}

export function findWeightsError(weights: ServiceRequest['weights']): string | undefined {
  if (weights === undefined) return undefined;
  if (weights.passing < 1) return 'Passing must be greater than 0';
  if (weights.warning < 0) return 'Warning must be greater or equal than 0';
  if (weights.passing > 65535 || weights.warning > 65535) return 'DNS Weight must be between 0 and 65535';
  return undefined;
}

const mostMetaPairs = 64;
const longestMetaKey = 128;
const longestMetaValue = 512;

export function findMetaError(meta: Readonly<Record<string, string>> | null): string | undefined {
  const pairs = Object.entries(meta ?? {});
  if (pairs.length > mostMetaPairs) return `Node metadata cannot contain more than ${mostMetaPairs} key/value pairs`;
  for (const [key, value] of pairs) {
    const error = findMetaPairError(key, value);
    if (error !== undefined) return `Couldn't load metadata pair ('${key}', '${value}'): ${error}`;
  }
  return undefined;
}

function findMetaPairError(key: string, value: string): string | undefined {
  if (key === '') return 'Key cannot be blank';
  if (!/^[\w-]+$/.test(key)) return 'Key contains invalid characters';
  if (key.length > longestMetaKey) return `Key is too long (limit: ${longestMetaKey} characters)`;
  if (key.startsWith('consul-')) return "Key prefix 'consul-' is reserved for internal use";
  if (Buffer.byteLength(value) > longestMetaValue) return `Value is too long (limit: ${longestMetaValue} characters)`;
  return undefined;
}

/** Everything that is wrong with the parts that Consul checks together. */
export function findServiceErrors(service: ServiceRequest): string[] {
  return [
    ...(service.kind === 'connect-proxy' ? findProxyErrors(service) : []),
    ...findKindErrors(service),
    ...findSidecarErrors(service.sidecar),
    ...findManagedProxyErrors(service),
  ];
}

const kinds = ['', 'connect-proxy', 'mesh-gateway', 'terminating-gateway', 'ingress-gateway', 'api-gateway'];

function findKindErrors(service: ServiceRequest): string[] {
  const errors: string[] = [];
  if (!kinds.includes(service.kind)) errors.push(`unsupported service kind: ${JSON.stringify(service.kind)}`);
  if (service.kind === 'connect-proxy' || service.kind === '') return errors;
  if (service.isNative) errors.push(`A ${service.kind} cannot also be Connect Native`);
  if (service.sidecar !== undefined) errors.push(`A ${service.kind} cannot have a sidecar service defined`);
  return errors;
}

type ProxyRequest = Pick<ServiceRequest, 'proxy' | 'port' | 'isNative'> & { readonly socketPath?: string };

/** What a proxy lacks, whether it comes through the agent or the catalog. */
export function findProxyErrors({ proxy, port, socketPath = '', isNative }: ProxyRequest): string[] {
  const errors: string[] = [];
  const destination = proxy?.destinationServiceName.trim() ?? '';
  if (destination === '') errors.push('Proxy.DestinationServiceName must be non-empty for Connect proxy services');
  if (destination === '*')
    errors.push('Proxy.DestinationServiceName must not be a wildcard for Connect proxy services');
  if (port === 0 && socketPath === '') errors.push('Port or SocketPath must be set for a Connect proxy');
  if (isNative) errors.push('A Proxy cannot also be Connect Native, only typical services');
  return [...errors, ...findUpstreamErrors(proxy?.upstreams ?? []), ...findExposeErrors(proxy?.expose)];
}

function findUpstreamErrors(upstreams: readonly Upstream[]): string[] {
  const errors: string[] = [];
  const destinations = new Set<string>();
  const binds = new Set<string>();
  for (const upstream of upstreams) {
    const error = findUpstreamError(upstream);
    if (error !== undefined) {
      errors.push(error);
      continue;
    }
    const destination = nameOfUpstream(upstream);
    if (destinations.has(destination)) errors.push(`upstreams cannot contain duplicates of ${destination}`);
    destinations.add(destination);

    const bind =
      upstream.localBindSocketPath ?? `${upstream.localBindAddress || '127.0.0.1'}:${upstream.localBindPort}`;
    const what = upstream.localBindSocketPath === undefined ? 'local bind address and port' : 'local socket path';
    if (binds.has(bind)) errors.push(`upstreams cannot contain duplicates by ${what}; "${bind}" is specified twice`);
    binds.add(bind);
  }
  return errors;
}

function findUpstreamError(upstream: Upstream): string | undefined {
  const { destinationType: type, destinationName: name, localBindPort: port = 0 } = upstream;
  const path = upstream.localBindSocketPath ?? '';
  if (!['', 'service', 'prepared_query'].includes(type))
    return `unknown upstream destination type: ${JSON.stringify(type)}`;
  if (name === '') return 'upstream destination name cannot be empty';
  if (name === '*') return 'upstream destination name cannot be a wildcard';
  if (port === 0 && path === '') return 'upstream local bind port or local socket path must be defined and nonzero';
  if (port !== 0 && path !== '') return 'only one of upstream local bind port or local socket path can be defined';
  return undefined;
}

function nameOfUpstream({ destinationType, destinationNamespace, destinationName, datacenter }: Upstream): string {
  const kind = destinationType === '' || destinationType === 'service' ? '' : `${destinationType}:`;
  const namespace = destinationNamespace === undefined ? '' : `${destinationNamespace}/`;
  return `${kind}${namespace}${destinationName}${datacenter === undefined ? '' : `?dc=${datacenter}`}`;
}

interface ExposedPath {
  readonly Path?: unknown;
  readonly ListenerPort?: unknown;
}

function findExposeErrors(expose: ProxySettings['expose']): string[] {
  const { Paths: paths } = (expose ?? {}) as { readonly Paths?: readonly ExposedPath[] };
  const seenPaths = new Set<unknown>();
  const seenPorts = new Set<unknown>();
  const errors: string[] = [];
  for (const { Path: path, ListenerPort: port } of paths ?? []) {
    if (seenPaths.has(path)) errors.push(`duplicate paths exposed: ${String(path)}`);
    if (seenPorts.has(port)) errors.push(`duplicate listener ports exposed: ${String(port)}`);
    seenPaths.add(path);
    seenPorts.add(port);
  }
  return errors;
}

function findSidecarErrors(sidecar: ServiceRequest | undefined): string[] {
  if (sidecar === undefined) return [];
  const errors: string[] = [];
  if (sidecar.id !== '') errors.push('A SidecarService cannot specify an ID as this is managed by the agent');
  if (sidecar.sidecar !== undefined) errors.push('A SidecarService cannot have a nested SidecarService');
  return errors;
}

function findManagedProxyErrors({ managedProxy, kind, isNative, sidecar }: ServiceRequest): string[] {
  const errors: string[] = [];
  if (sidecar?.managedProxy !== undefined) errors.push('A SidecarService cannot have a managed proxy');
  if (managedProxy === undefined) return errors;
  if (kind !== '') errors.push(`A ${kind} cannot have a managed proxy`);
  if (isNative) errors.push('A service that is Connect Native cannot have a managed proxy');
  return [...errors, ...findUpstreamErrors(managedProxy.upstreams)];
}
