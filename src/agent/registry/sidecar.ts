/** What a nested `connect.sidecar_service` block means: a whole registration, made from it and its parent. */

import { InputError } from '../../base/index.ts';
import type { ProxySettings } from '../state/tables.ts';
import type { NodeRows } from './node-rows.ts';
import { present } from './present.ts';
import type { CheckRequest, ServiceRequest } from './request.ts';

/** Both ends belong to it. `min` 0: ports are not chosen by the agent. */
export interface PortRange {
  readonly min: number;
  readonly max: number;
}

export const defaultSidecarPorts: PortRange = { min: 21000, max: 21255 };

export function sidecarIdOf(parentId: string): string {
  return `${parentId}-sidecar-proxy`;
}

/** The sidecar's own registration. Throws `InputError` when no port is left for it. */
export function expandSidecar(
  parent: ServiceRequest,
  sidecar: ServiceRequest,
  rows: NodeRows,
  ports: PortRange,
): ServiceRequest {
  const id = sidecarIdOf(parent.id);
  const port = sidecar.port > 0 ? sidecar.port : choosePort(id, parent, rows, ports);
  const { sidecar: _, ...rest } = sidecar;
  return {
    ...rest,
    id,
    name: sidecar.name || `${parent.name}-sidecar-proxy`,
    kind: sidecar.kind || 'connect-proxy',
    tags: sidecar.tags.length > 0 ? sidecar.tags : parent.tags,
    meta: sidecar.meta !== null && Object.keys(sidecar.meta).length > 0 ? sidecar.meta : parent.meta,
    address: sidecar.address || parent.address,
    port,
    proxy: settingsOf(parent, sidecar.proxy),
    token: sidecar.token || parent.token,
    checks: sidecar.checks.length > 0 ? sidecar.checks : defaultChecks(parent.id, port),
  };
}

function settingsOf(parent: ServiceRequest, given: ProxySettings | undefined): ProxySettings {
  const local =
    parent.socketPath === ''
      ? {
          localServiceAddress: given?.localServiceAddress ?? '127.0.0.1',
          localServicePort: given?.localServicePort ?? (parent.port > 0 ? parent.port : undefined),
        }
      : { localServiceSocketPath: given?.localServiceSocketPath ?? parent.socketPath };
  return present({
    ...given,
    destinationServiceName: given?.destinationServiceName || parent.name,
    destinationServiceId: given?.destinationServiceId || parent.id,
    ...local,
  });
}

function choosePort(id: string, parent: ServiceRequest, rows: NodeRows, { min, max }: PortRange): number {
  const before = rows.ownService(id)?.port ?? 0;
  if (before > 0) return before;
  if (min <= 0) throw noPort('auto-assignment disabled in config');
  const taken = new Set([parent.port]);
  for (const { port, local } of rows.services()) if (local !== undefined) taken.add(port);
  for (let port = min; port <= max; port += 1) if (!taken.has(port)) return port;
  throw noPort(`none left in the configured range [${min}, ${max}]`);
}

function noPort(why: string): InputError {
  return new InputError('', `Bad request: Invalid SidecarService: no port provided for sidecar_service and ${why}`);
}

function defaultChecks(parentId: string, port: number): CheckRequest[] {
  const common = { id: '', notes: '', status: '' };
  return [
    {
      ...common,
      name: 'Connect Sidecar Listening',
      definition: { tcp: `127.0.0.1:${port}`, interval: 10_000 },
    },
    { ...common, name: `Connect Sidecar Aliasing ${parentId}`, definition: { aliasService: parentId } },
  ];
}
