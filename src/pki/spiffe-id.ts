/**
 * SPIFFE IDs as Connect writes them: parse, format, compare.
 * Source: SPIFFE-ID standard, 2; Consul `agent/connect/uri.go` as described in its documentation of identities.
 */

/** The identity of a service: what a leaf proves, and what a dial expects. Names are decoded and keep their case. */
export interface ServiceId {
  readonly kind: 'service';
  /** Lower case, `<cluster id>.consul`. */
  readonly trustDomain: string;
  /** `default` where the URI names none. */
  readonly partition: string;
  readonly namespace: string;
  readonly datacenter: string;
  readonly service: string;
}

/** An identity of Connect that is not a service's: an agent, a server, a gateway, or the CA itself. */
export interface OtherId {
  readonly kind: 'agent' | 'server' | 'gateway' | 'signing';
  readonly trustDomain: string;
}

export type SpiffeId = ServiceId | OtherId;

/** The longest URI that is looked at, in characters; longer ones are no SPIFFE IDs. Source: SPIFFE-ID, 2.3. */
const longest = 2_048;

const servicePath = /^(?:\/ap\/([^/]+))?\/ns\/([^/]+)\/dc\/([^/]+)\/svc\/([^/]+)$/;
const otherPaths: readonly (readonly [OtherId['kind'], RegExp])[] = [
  ['agent', /^(?:\/ap\/[^/]+)?\/agent\/client\/dc\/[^/]+\/id\/[^/]+$/],
  ['server', /^\/agent\/server\/dc\/[^/]+$/],
  ['gateway', /^(?:\/ap\/[^/]+)?\/gateway\/mesh\/dc\/[^/]+$/],
];

/** Undefined when `uri` is none of the forms that Connect knows. Never throws. */
export function parseSpiffeId(uri: string): SpiffeId | undefined {
  if (uri.length > longest || !uri.isWellFormed()) return undefined;
  const [, authority, path] = /^spiffe:\/\/([^/?#@:\s]+)([^?#\s]*)$/i.exec(uri) ?? [];
  if (authority === undefined || path === undefined) return undefined;
  const trustDomain = authority.toLowerCase();
  if (path === '') return trustDomain.indexOf('.') > 0 ? { kind: 'signing', trustDomain } : undefined;
  const service = servicePath.exec(path);
  if (service !== null) return serviceOf(trustDomain, service);
  const kind = otherPaths.find(([, pattern]) => pattern.test(path))?.[0];
  return kind && { kind, trustDomain };
}

function serviceOf(trustDomain: string, parts: RegExpExecArray): ServiceId | undefined {
  const [partition, namespace, datacenter, service] = [parts[1] ?? 'default', parts[2], parts[3], parts[4]].map(decode);
  if (!partition || !namespace || !datacenter || !service) return undefined;
  return { kind: 'service', trustDomain, partition, namespace, datacenter, service };
}

function decode(part: string | undefined): string | undefined {
  try {
    return part === undefined ? undefined : decodeURIComponent(part);
  } catch {
    return undefined; // a broken escape
  }
}

/** The URI of a service identity. Throws when the name holds a `/`: Consul signs no leaf for it, so nobody could prove it. */
export function formatServiceId(id: Omit<ServiceId, 'kind' | 'partition'> & { readonly partition?: string }): string {
  if (id.service.includes('/'))
    throw new Error(`the service name ${JSON.stringify(id.service)} has a "/", and no certificate can carry it`);
  const partition = id.partition === undefined || id.partition === 'default' ? '' : `/ap/${encode(id.partition)}`;
  return `spiffe://${id.trustDomain.toLowerCase()}${partition}/ns/${encode(id.namespace)}/dc/${encode(id.datacenter)}/svc/${encode(id.service)}`;
}

/** As Go's URL type writes a path segment: it escapes `!'()*` and leaves these eight as they are. Source: Go, net/url, shouldEscape. */
function encode(name: string): string {
  return encodeURIComponent(name)
    .replace(/%(?:24|26|2B|2C|3A|3B|3D|40)/g, (code) => decodeURIComponent(code))
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Whole and exact: trust domain (in any case), partition, namespace, datacenter and service. */
export function isSameServiceId(a: ServiceId, b: ServiceId): boolean {
  return (
    a.trustDomain === b.trustDomain &&
    a.partition === b.partition &&
    a.namespace === b.namespace &&
    a.datacenter === b.datacenter &&
    a.service === b.service
  );
}
