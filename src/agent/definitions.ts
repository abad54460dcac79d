/** Services and checks that configuration files define: registered at the start and at each reload, gone when their definition is. */

import { InputError } from '../base/index.ts';
import { decodeBody, type Shape } from '../http/index.ts';
import type { Definitions } from './config.ts';
import { checkBody, checkFromBody } from './http-api/wire-check.ts';
import { serviceBody, serviceFromBody } from './http-api/wire-service.ts';
import { memoryStorage } from './persist/storage.ts';
import { findCheckError } from './registry/check-request.ts';
import type { ManagedProxyPlanning } from './registry/managed-proxy.ts';
import { NodeRows } from './registry/node-rows.ts';
import { nothingToDo } from './registry/plan.ts';
import { planCheck } from './registry/plan-check.ts';
import { planCheckDeregistration, planServiceDeregistration } from './registry/plan-deregistration.ts';
import { planRegistration } from './registry/plan-registration.ts';
import type { CheckRequest, ServiceRequest } from './registry/request.ts';
import { checksWith, findScriptError, type ScriptChecks } from './registry/script-checks.ts';
import type { PortRange } from './registry/sidecar.ts';
import { type RowWriter, writeRows } from './registry/write-rows.ts';
import { Store } from './state/store.ts';

export interface DefinitionsOptions {
  readonly nodeName: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly sidecarPorts: PortRange;
  /** Whether scripts may be among the checks; by itself they may not. */
  readonly scriptChecks?: ScriptChecks;
  readonly managedProxies?: ManagedProxyPlanning;
}

/** All of it as one step, or nothing. Rejects with an InputError that names the definition at fault. */
export async function registerDefinitions(
  store: Store,
  definitions: Definitions,
  options: DefinitionsOptions,
): Promise<void> {
  await register(store, readDefinitions(definitions, options), options);
}

/**
 * Whether an agent would take them, as far as can be told without its state: a check of a service that only the API knows is not judged.
 * Rejects as `registerDefinitions` does.
 */
export async function checkDefinitions(definitions: Definitions, options: DefinitionsOptions): Promise<void> {
  const { services, checks } = readDefinitions(definitions, options);
  const ids = new Set(['', ...services.map(({ service }) => service.id || service.name)]);
  const store = new Store(memoryStorage());
  try {
    await register(store, { services, checks: checks.filter(({ serviceId }) => ids.has(serviceId)) }, options);
  } finally {
    store.close();
  }
}

interface ReadDefinitions {
  readonly services: readonly ReadService[];
  readonly checks: readonly CheckDefinition[];
}

function readDefinitions(definitions: Definitions, { scriptChecks = 'off' }: DefinitionsOptions): ReadDefinitions {
  const services = definitions.services.map(readService);
  const checks = definitions.checks.map(readCheck);
  for (const { place, service } of services) refuseScripts(place, checksWith(service), scriptChecks);
  for (const { place, check } of checks) refuseScripts(place, [check], scriptChecks);
  return { services, checks };
}

async function register(
  store: Store,
  { services, checks }: ReadDefinitions,
  options: DefinitionsOptions,
): Promise<void> {
  const { nodeName, scriptChecks: _, ...planning } = options;
  await writeRows(store, (writer, tx) => {
    const rows = new NodeRows(tx, nodeName);
    const planned = { ...planning, fromFile: true };
    const [keptServices, keptChecks] = [new Set<string>(), new Set<string>()];
    for (const { place, service } of services) {
      const plan = at(place, () => planRegistration(service, rows, planned));
      for (const { id } of plan.services) keptServices.add(id);
      for (const { checkId } of plan.checks) keptChecks.add(checkId);
      writer.apply(nodeName, plan);
    }
    for (const { place, check, serviceId } of checks) {
      const row = at(place, () => planCheck(check, serviceOf(serviceId, rows), rows, planned));
      keptChecks.add(row.checkId);
      writer.apply(nodeName, { ...nothingToDo, checks: [row] });
    }
    forgetFormer(writer, rows, keptServices, keptChecks);
  });
}

function refuseScripts(place: string, checks: readonly CheckRequest[], allowed: ScriptChecks): void {
  const problem = findScriptError(checks, allowed, true);
  if (problem !== undefined) throw new InputError(place, problem);
}

/** What an earlier version of the files defined, and this one does not. */
function forgetFormer(
  writer: RowWriter,
  rows: NodeRows,
  services: ReadonlySet<string>,
  checks: ReadonlySet<string>,
): void {
  const isFormer = (row: { readonly local?: { readonly fromFile?: boolean } }, isKept: boolean): boolean =>
    row.local?.fromFile === true && !isKept;
  for (const row of [...rows.services()]) {
    if (isFormer(row, services.has(row.id))) writer.apply(rows.node, planServiceDeregistration(row.id, rows));
  }
  for (const row of [...rows.checks()]) {
    if (isFormer(row, checks.has(row.checkId))) writer.apply(rows.node, planCheckDeregistration(row.checkId, rows));
  }
}

interface ReadService {
  readonly place: string;
  readonly service: ServiceRequest;
}

function readService(definition: object, index: number): ReadService {
  const place = placeOf('service', definition, index);
  return {
    place,
    service: at(place, () => {
      const service = serviceFromBody(decode(definition, serviceBody), { withManagedProxy: true });
      if (service.managedProxy === undefined || service.port > 0) return service;
      throw new InputError('', 'A service with a managed proxy must have a port');
    }),
  };
}

interface CheckDefinition {
  readonly place: string;
  readonly check: CheckRequest;
  readonly serviceId: string;
}

function readCheck(definition: object, index: number): CheckDefinition {
  const place = placeOf('check', definition, index);
  return at(place, () => {
    const body = decode(definition, checkBody);
    const check = checkFromBody(body);
    if (check.name === '') throw new InputError('', 'Missing check name');
    const problem = findCheckError(check);
    if (problem !== undefined) throw new InputError('', problem);
    return { place, check: { ...check, id: check.id || check.name }, serviceId: body.ServiceID ?? '' };
  });
}

function serviceOf(id: string, rows: NodeRows): ReturnType<NodeRows['ownService']> {
  if (id === '') return undefined;
  const service = rows.ownService(id);
  if (service === undefined) throw new InputError('', `service ID ${JSON.stringify(id)} is not registered`);
  return service;
}

function decode<T extends object>(definition: object, shape: Shape<T>): T {
  return decodeBody(Buffer.from(JSON.stringify(definition)), shape, (problem) => new InputError('', problem));
}

/** `service "web"`, or `service 2` where it has no name; counted from 1. */
function placeOf(kind: string, definition: object, index: number): string {
  const name = Object.entries(definition).find(([key]) => key.toLowerCase() === 'name')?.[1];
  return typeof name === 'string' ? `${kind} ${JSON.stringify(name)}` : `${kind} ${index + 1}`;
}

function at<T>(place: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof InputError ? new InputError(place, error.message) : error;
  }
}
