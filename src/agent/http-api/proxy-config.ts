/** The configuration of one managed proxy, as its process and others read it. */

import type { HttpRequest } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import { hashOf } from './content-hash.ts';
import type { ApiContext } from './context.ts';
import { sorted } from './go-values.ts';
import { proxyAsking } from './proxy-token.ts';

export interface ProxyConfig {
  readonly hash: string;
  /** With the agent's telemetry for the proxy itself. */
  readonly config: ManagedProxy['config'];
}

/** For who may have it: the proxy itself, and whom `mustBeAllowed` lets pass. */
export function proxyConfigFor(
  context: ApiContext,
  request: HttpRequest,
  proxy: ManagedProxy,
  mustBeAllowed: (authorizer: Authorizer) => void,
): ProxyConfig {
  const isItself = proxyAsking(context, request)?.id === proxy.id;
  if (!isItself) mustBeAllowed(context.authorizerOf(request));
  const { target, execMode, command, config, upstreams } = proxy;
  const hash = hashOf({ target: target.id, name: target.name, execMode, command, config: sorted(config), upstreams });
  return { hash, config: isItself ? withTelemetry(proxy) : config };
}

/**
 * What the agent's own metrics would be sent with: this one sends none, so that all there is to say is what to call the proxy's.
 * A proxy that was given settings which only it knows is left alone.
 */
function withTelemetry({ target, config }: ManagedProxy): ManagedProxy['config'] {
  const agents = { filter_default: true, metrics_prefix: `consul.proxy.${target.id}` };
  const { telemetry = {} } = config;
  if (typeof telemetry !== 'object' || telemetry === null || Array.isArray(telemetry)) return config;
  if (Object.keys(telemetry).some((key) => !telemetryKeys.test(key))) return config;
  return { ...config, telemetry: sorted({ ...agents, ...telemetry }) };
}

/** Source: Consul's agent configuration reference, `telemetry`, as of 1.3. */
const telemetryKeys =
  /^(?:circonus_\w+|disable_hostname|dogstatsd_(?:addr|tags)|filter_default|prefix_filter|(?:allowed|blocked)_prefixes|metrics_prefix|prometheus_retention_time|statsd_address|statsite_address)$/;
