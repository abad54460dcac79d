/** A registration as rows: pure, except that it reads what is registered already. */

import { isIP } from 'node:net';
import { InputError } from '../../base/index.ts';
import type { CheckRow, ServiceRow } from '../state/tables.ts';
import { findCheckError, isCheckStatus } from './check-request.ts';
import { type ManagedProxyPlanning, managedProxyIdOf, planManagedProxy } from './managed-proxy.ts';
import type { NodeRows } from './node-rows.ts';
import { ownServiceId } from './own-node.ts';
import { nothingToDo, type RegistryPlan } from './plan.ts';
import { type CheckOptions, planCheck } from './plan-check.ts';
import { planServiceDeregistration } from './plan-deregistration.ts';
import { present } from './present.ts';
import type { CheckRequest, ServiceRequest } from './request.ts';
import { findMetaError, findServiceErrors, findWeightsError, formatErrors, isAnyAddress } from './service-errors.ts';
import { expandSidecar, type PortRange } from './sidecar.ts';

export interface RegistrationOptions extends CheckOptions {
  /** What a registration without a token of its own acts with. */
  readonly token?: string;
  /** Checks of the service that the request does not name go away. */
  readonly replaceExistingChecks?: boolean;
  readonly sidecarPorts: PortRange;
  /** Absent: no proxies are run here. */
  readonly managedProxies?: ManagedProxyPlanning | undefined;
}

/** Throws `InputError` in the words of Consul when the request can't be registered by anyone. */
function validateService(request: ServiceRequest): void {
  if (request.name === '') throw new InputError('', 'Missing service name');
  if (isAnyAddress(request.address)) throw new InputError('', 'Invalid service address');
  refuse('Invalid Weights: ', findWeightsError(request.weights));
  refuse('Invalid Service Meta: ', findMetaError(request.meta));
  refuse('', formatErrors(findServiceErrors(request)));
  validateChecks(request.checks, 'Invalid check: ');
}

function validateChecks(checks: readonly CheckRequest[], prefix: string): void {
  for (const check of checks) refuse(prefix, findCheckError(check));
  if (checks.some(({ status }) => status !== '' && !isCheckStatus(status))) {
    throw new InputError('', "Status for checks must 'passing', 'warning', 'critical'");
  }
}

function refuse(prefix: string, error: string | undefined): void {
  if (error !== undefined) throw new InputError('', `${prefix}${error}`);
}

/** The rows of a service, of the sidecar and the managed proxy that its nested blocks ask for, and of the checks of all. */
export function planRegistration(request: ServiceRequest, rows: NodeRows, options: RegistrationOptions): RegistryPlan {
  validateService(request);
  const parent: ServiceRequest = { ...request, id: request.id || request.name };
  const own = planOne(parent, rows, options);
  return [planSidecar(parent, rows, options), planManaged(parent, rows, options)].reduce(together, own);
}

function planSidecar(parent: ServiceRequest, rows: NodeRows, options: RegistrationOptions): RegistryPlan {
  if (parent.sidecar === undefined) return nothingToDo;
  const sidecar = expandSidecar(parent, parent.sidecar, rows, options.sidecarPorts);
  refuse('', formatErrors(findServiceErrors(sidecar)));
  refuse('Invalid Service Meta: ', findMetaError(sidecar.meta));
  validateChecks(sidecar.checks, 'Bad request: Invalid check in sidecar_service: ');
  return planOne(sidecar, rows, options, { sidecarOf: parent.id });
}

/** A service that registers again without the block keeps its proxy; a file that has it no more takes it away. */
function planManaged(parent: ServiceRequest, rows: NodeRows, options: RegistrationOptions): RegistryPlan {
  const before = rows.managedProxy(parent.id);
  const declared = parent.managedProxy ?? before;
  if (options.managedProxies === undefined || declared === undefined) return nothingToDo;
  const isFromFile = parent.managedProxy === undefined ? before?.fromFile : options.fromFile;
  if (parent.managedProxy === undefined && options.fromFile && isFromFile) {
    return planServiceDeregistration(managedProxyIdOf(parent.id), rows);
  }
  const planning = { ...options.managedProxies, fromFile: isFromFile };
  const { row, service, deletedChecks } = planManagedProxy(parent, declared, rows, planning);
  const plan = planOne(service, rows, { ...options, ...present({ fromFile: isFromFile }) }, { managedFor: parent.id });
  return {
    ...plan,
    checks: plan.checks.filter(({ checkId }) => !deletedChecks.includes(checkId)),
    deletedChecks: [...plan.deletedChecks, ...deletedChecks],
    managedProxies: [row],
  };
}

function together(a: RegistryPlan, b: RegistryPlan): RegistryPlan {
  return {
    services: [...a.services, ...b.services],
    checks: [...a.checks, ...b.checks],
    deletedServices: [...a.deletedServices, ...b.deletedServices],
    deletedChecks: [...a.deletedChecks, ...b.deletedChecks],
    managedProxies: [...(a.managedProxies ?? []), ...(b.managedProxies ?? [])],
    deletedManagedProxies: [...(a.deletedManagedProxies ?? []), ...(b.deletedManagedProxies ?? [])],
  };
}

function planOne(
  request: ServiceRequest,
  rows: NodeRows,
  options: RegistrationOptions,
  made: { readonly sidecarOf?: string; readonly managedFor?: string } = {},
): RegistryPlan {
  refuseTakenId(request.id, rows, made.managedFor);
  const service: ServiceRow = {
    node: rows.node,
    id: request.id,
    kind: request.kind,
    name: request.name,
    tags: request.tags,
    meta: request.meta,
    address: request.address,
    port: request.port,
    ...(request.socketPath === '' ? {} : { socketPath: request.socketPath }),
    ...withTaggedAddresses(request),
    weights: request.weights ?? { passing: 1, warning: 1 },
    enableTagOverride: request.enableTagOverride,
    ...(request.proxy === undefined ? {} : { proxy: withUpstreamTypes(request.proxy) }),
    isNative: request.isNative,
    local: present({ ...made, token: request.token || options.token || undefined, fromFile: options.fromFile }),
  };
  const checks = request.checks.map((check, place) =>
    planCheck({ ...check, id: check.id || defaultCheckId(request, place) }, service, rows, options),
  );
  const named = new Set(checks.map(({ checkId }) => checkId));
  const others = [...rows.checksOf(request.id)].filter(({ checkId }) => !named.has(checkId));
  return {
    services: [service],
    checks: [...checks, ...(options.replaceExistingChecks ? [] : others.map((check) => followService(check, service)))],
    deletedServices: [],
    deletedChecks: options.replaceExistingChecks ? others.map(({ checkId }) => checkId) : [],
  };
}

function refuseTakenId(id: string, rows: NodeRows, managedFor: string | undefined): void {
  if (id === ownServiceId) throw new InputError('', `Service ID "${id}" is that of the agent itself`);
  const holder = rows.ownService(id);
  const target = holder?.local?.managedFor;
  if (target !== undefined && target !== managedFor) {
    throw new InputError('', `Service ID "${id}" is that of the managed proxy of service "${target}"`);
  }
  if (holder !== undefined && managedFor !== undefined && target === undefined) {
    throw new InputError(
      '',
      `Service ID "${id}" is needed for the managed proxy of service "${managedFor}", but a service "${holder.name}" is registered with it`,
    );
  }
  const alike = rows.serviceSpeltLike(id);
  if (alike === undefined) return;
  throw new InputError('', `Service ID "${id}" differs only in case from "${alike.id}", which is registered`);
}

function defaultCheckId({ id, checks }: ServiceRequest, place: number): string {
  return checks.length > 1 ? `service:${id}:${place + 1}` : `service:${id}`;
}

/** Checks carry the name and tags of their service. */
function followService(check: CheckRow, service: ServiceRow): CheckRow {
  return { ...check, serviceName: service.name, serviceTags: service.tags };
}

/** A literal IP address is known under its family's names as well. */
function withTaggedAddresses({ address, port, taggedAddresses }: ServiceRequest): Pick<ServiceRow, 'taggedAddresses'> {
  const family = isIP(address);
  const filledIn = family === 0 ? [] : [`lan_ipv${family}`, `wan_ipv${family}`].map((tag) => [tag, { address, port }]);
  const all = { ...Object.fromEntries(filledIn), ...taggedAddresses };
  return Object.keys(all).length === 0 ? {} : { taggedAddresses: all };
}

function withUpstreamTypes(proxy: NonNullable<ServiceRow['proxy']>): NonNullable<ServiceRow['proxy']> {
  if (proxy.upstreams === undefined) return proxy;
  const upstreams = proxy.upstreams.map((upstream) => ({
    ...upstream,
    destinationType: upstream.destinationType || 'service',
  }));
  return { ...proxy, upstreams };
}
