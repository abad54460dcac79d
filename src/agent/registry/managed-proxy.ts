/** What a `connect.proxy` block means: the row of a managed proxy, and the registration of a service of its own for it. */

import { InputError } from '../../base/index.ts';
import type { ManagedProxyRow } from '../state/managed-proxies.ts';
import type { NodeRows } from './node-rows.ts';
import { present } from './present.ts';
import type { CheckRequest, ManagedProxyRequest, ServiceRequest } from './request.ts';
import { isAnyAddress } from './service-errors.ts';
import type { PortRange } from './sidecar.ts';

export interface ManagedProxyPlanning {
  /** From which proxies get their ports. `min` and `max` 0: none is chosen. */
  readonly ports: PortRange;
  /** Under the configuration of each. */
  readonly defaultConfig: Readonly<Record<string, unknown>>;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly newToken: () => string;
}

export interface ManagedProxyPlan {
  readonly row: ManagedProxyRow;
  /** The proxy's own service. */
  readonly service: ServiceRequest;
  /** Checks of that service that are not wanted any more. */
  readonly deletedChecks: readonly string[];
}

export function managedProxyIdOf(targetId: string): string {
  return `${targetId}-proxy`;
}

/**
 * What is to be stored for `target` and its proxy. Token and port stay those that the proxy has. Throws `InputError` when no port is
 * left for it.
 */
export function planManagedProxy(
  target: ServiceRequest,
  declared: ManagedProxyRequest,
  rows: NodeRows,
  options: ManagedProxyPlanning & { readonly fromFile?: boolean | undefined },
): ManagedProxyPlan {
  const proxyId = managedProxyIdOf(target.id);
  const config = { ...options.defaultConfig, ...declared.config };
  const port = portIn(declared.config, 'bind_port') || choosePort(proxyId, target, rows, options);
  const checks = config['disable_tcp_check'] === true ? [] : [listeningCheck(config, port)];
  const former = `service:${proxyId}`;
  return {
    row: {
      target: target.id,
      proxyId,
      ...present({ execMode: declared.execMode, fromFile: options.fromFile }),
      command: declared.command,
      config: declared.config,
      upstreams: declared.upstreams.map((upstream) => ({
        ...upstream,
        destinationType: upstream.destinationType || 'service',
      })),
      token: rows.managedProxy(target.id)?.token ?? options.newToken(),
    },
    service: serviceOf(target, config, { id: proxyId, port, checks }),
    deletedChecks: checks.length === 0 && rows.ownCheck(former) !== undefined ? [former] : [],
  };
}

/** It acts with the token of its target. */
function serviceOf(
  target: ServiceRequest,
  config: ManagedProxyRequest['config'],
  own: Pick<ServiceRequest, 'id' | 'port' | 'checks'>,
): ServiceRequest {
  const address = textIn(config, 'bind_address');
  return {
    ...own,
    kind: 'connect-proxy',
    name: `${target.name}-proxy`,
    tags: [],
    meta: null,
    address: isAnyAddress(address) ? '' : address,
    socketPath: '',
    enableTagOverride: false,
    proxy: present({
      destinationServiceName: target.name,
      localServicePort: portIn(config, 'local_service_port') || target.port || undefined,
    }),
    isNative: false,
    token: target.token,
  };
}

function choosePort(
  proxyId: string,
  target: ServiceRequest,
  rows: NodeRows,
  { ports: { min, max }, random }: ManagedProxyPlanning,
): number {
  const before = rows.ownService(proxyId)?.port ?? 0;
  if (before > 0) return before;
  const taken = new Set([target.port]);
  for (const { port, local } of rows.services()) if (local !== undefined) taken.add(port);
  const free: number[] = [];
  if (min > 0) for (let port = min; port <= max; port += 1) if (!taken.has(port)) free.push(port);
  const chosen = free[Math.floor(random() * free.length)];
  if (chosen !== undefined) return chosen;
  throw new InputError(
    '',
    `no port provided for proxy bind_port and none  left in the allocated range [${min}, ${max}]`,
  );
}

function listeningCheck(config: ManagedProxyRequest['config'], port: number): CheckRequest {
  const bind = textIn(config, 'bind_address');
  const host = textIn(config, 'tcp_check_address') || (isAnyAddress(bind) ? '' : bind) || '127.0.0.1';
  const target = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`;
  return {
    id: '',
    name: 'Connect Proxy Listening',
    notes: '',
    status: '',
    definition: { tcp: target, interval: 10_000 },
  };
}

function textIn(config: ManagedProxyRequest['config'], key: string): string {
  const value = config[key] ?? '';
  if (typeof value === 'string') return value;
  throw new InputError('', `Connect.Proxy.Config.${key}: expected text, found ${JSON.stringify(value)}`);
}

/** A port, as a number or as text; 0 where there is none. */
function portIn(config: ManagedProxyRequest['config'], key: string): number {
  const value = config[key] ?? 0;
  const port = typeof value === 'string' ? Number(value) : value;
  if (typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InputError('', `Connect.Proxy.Config.${key}: expected a port, found ${JSON.stringify(value)}`);
}
