/** `/v1/agent/service…` and maintenance: what this agent has registered. */

import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import { compare } from '../registry/health.ts';
import { maintenanceCheck, nodeMaintenanceId, serviceMaintenanceId } from '../registry/maintenance.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import type { ManagedProxyPlanning } from '../registry/managed-proxy.ts';
import { NodeRows, type TableReader } from '../registry/node-rows.ts';
import { nothingToDo, type RegistryPlan } from '../registry/plan.ts';
import { planServiceDeregistration } from '../registry/plan-deregistration.ts';
import { planRegistration } from '../registry/plan-registration.ts';
import { checksWith, findScriptError, type ScriptChecks } from '../registry/script-checks.ts';
import { defaultSidecarPorts, type PortRange } from '../registry/sidecar.ts';
import { writeRows } from '../registry/write-rows.ts';
import type { ServiceRow } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { empty, hashed, plain } from './blocking.ts';
import { hashOf } from './content-hash.ts';
import type { ApiContext } from './context.ts';
import { filterOf } from './filter.ts';
import { parseGoBool } from './go-values.ts';
import { mustReadService, mustWriteNode, mustWriteService } from './permissions.ts';
import { proxyConfigFor } from './proxy-config.ts';
import { readSettled } from './settled.ts';
import { managedProxyToWire, proxyServiceToWire } from './wire-managed-proxy.ts';
import { agentService, serviceBody, serviceFromBody } from './wire-service.ts';

export interface AgentRoutesOptions {
  /** From which sidecars get their ports. */
  readonly sidecarPorts?: PortRange;
  /** Whether checks that are registered here may run programs; by itself they may not. */
  readonly scriptChecks?: ScriptChecks;
  readonly managedProxies?: {
    /** Absent: their declaration is passed over. */
    readonly allowApiRegistration?: boolean | undefined;
    readonly planning: ManagedProxyPlanning;
  };
}

export function agentRoutes(context: ApiContext, options: AgentRoutesOptions = {}): Route[] {
  return [
    { path: '/v1/agent/services', methods: { GET: (request) => listServices(context, request) } },
    { path: '/v1/agent/service/', methods: { GET: (request) => getService(context, request) } },
    { path: '/v1/agent/service/register', methods: { PUT: (request) => register(context, request, options) } },
    { path: '/v1/agent/service/deregister/', methods: { PUT: (request) => deregister(context, request) } },
    { path: '/v1/agent/service/maintenance/', methods: { PUT: (request) => maintainService(context, request) } },
    { path: '/v1/agent/maintenance', methods: { PUT: (request) => maintainNode(context, request) } },
  ];
}

function rowsOf({ nodeName }: ApiContext, tables: TableReader): NodeRows {
  return new NodeRows(tables, nodeName);
}

async function listServices(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const authorizer = context.authorizerOf(request);
  const keeps = filterOf(request, 'service');
  const services = await readSettled(context.store, () =>
    [...rowsOf(context, context.store).services()]
      .filter(({ local, name }) => local !== undefined && authorizer.mayReadService(name))
      .sort((a, b) => compare(a.id, b.id))
      .map((row) => [row.id, { ...agentService(row, context.datacenter), ...managedMembers(context, row) }] as const)
      .filter(([, service]) => keeps(service)),
  );
  return plain(context, Object.fromEntries(services));
}

/** What the versions with managed proxies told of them here, and later ones could not. */
function managedMembers({ managedProxies }: ApiContext, row: ServiceRow): object {
  const proxy = managedProxies?.byTarget(row.id);
  if (proxy !== undefined) return { Connect: { Proxy: managedProxyToWire(proxy) } };
  return row.local?.managedFor === undefined ? {} : { ProxyDestination: row.proxy?.destinationServiceName };
}

function getService(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  const target = rowsOf(context, context.store).ownService(id)?.local?.managedFor;
  const topics = [id, ...(target === undefined ? [] : [target])].map(topic.agentService);
  return hashed(context, request, topics, () => {
    const proxy = context.managedProxies?.byId(id);
    if (proxy !== undefined) return readManagedProxy(context, request, proxy);
    const row = rowsOf(context, context.store).ownService(id);
    const authorizer = context.authorizerOf(request);
    if (row === undefined) return { notFound: `unknown service ID: ${id}` };
    mustReadService(authorizer, row.name);
    const hash = hashOf(agentService(row, context.datacenter));
    return { value: agentService(row, context.datacenter, hash), hash };
  });
}

function readManagedProxy(
  context: ApiContext,
  request: HttpRequest,
  proxy: ManagedProxy,
): { readonly value: object; readonly hash: string } {
  const { hash, config } = proxyConfigFor(context, request, proxy, (authorizer) =>
    mustReadService(authorizer, proxy.service.name),
  );
  return { value: proxyServiceToWire(proxy, hash, config), hash };
}

async function register(
  context: ApiContext,
  request: HttpRequest,
  { sidecarPorts = defaultSidecarPorts, scriptChecks = 'off', managedProxies }: AgentRoutesOptions,
): Promise<HttpReply> {
  const isAllowed = managedProxies?.allowApiRegistration;
  const body = decodeBody(request.body, serviceBody);
  const service = serviceFromBody(body, { withManagedProxy: isAllowed !== undefined });
  if (service.managedProxy !== undefined && !isAllowed) {
    throw new HttpError(500, 'Bad request: Managed proxy registration via the API is disallowed.');
  }
  const refusal = findScriptError(checksWith(service), scriptChecks, false);
  if (refusal !== undefined) throw new HttpError(400, refusal);
  const authorizer = context.authorizerOf(request);
  const options = {
    now: context.runtime.clock.now(),
    token: context.tokenOf(request),
    replaceExistingChecks: ['', 'true'].includes(request.query.get('replace-existing-checks') ?? 'no'),
    sidecarPorts,
    managedProxies: managedProxies?.planning,
  };
  await writeRows(context.store, (writer, tx) => {
    const rows = rowsOf(context, tx);
    const plan = planRegistration(service, rows, options);
    mayRegister(({ local }) => (local?.sidecarOf ? context.authorizerFor(local.token ?? '') : authorizer), plan, rows);
    writer.apply(context.nodeName, plan);
  });
  return empty();
}

/** The right to each name, to what holds the ID now, and to speak for a proxy's destination. A sidecar's own token must have it, where there is one. */
function mayRegister(authorizerFor: (service: ServiceRow) => Authorizer, plan: RegistryPlan, rows: NodeRows): void {
  for (const service of plan.services) {
    const authorizer = authorizerFor(service);
    mustWriteService(authorizer, service.name);
    const holder = rows.ownService(service.id);
    if (holder !== undefined) mustWriteService(authorizer, holder.name);
    const destination = service.kind === 'connect-proxy' ? service.proxy?.destinationServiceName : undefined;
    if (destination !== undefined) mustWriteService(authorizer, destination);
  }
}

async function deregister(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  if (id === '') throw new HttpError(500, 'ServiceID missing');
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    const rows = rowsOf(context, tx);
    const service = rows.ownService(id);
    if (service !== undefined) mustWriteService(authorizer, service.name);
    if (service?.local?.managedFor !== undefined) throw new HttpError(500, goesWithItsService);
    writer.apply(context.nodeName, planServiceDeregistration(id, rows));
  });
  return empty();
}

const goesWithItsService =
  'Bad request: Managed proxy service cannot be deregistered directly. Deregister the service that has a managed proxy to automatically deregister the managed proxy itself.';

async function maintainService(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  if (id === '') throw new HttpError(400, 'Missing service ID');
  const enable = parseEnable(request);
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    const rows = rowsOf(context, tx);
    const service = rows.ownService(id);
    if (service === undefined) throw new HttpError(404, `No service registered with ID "${id}"`);
    mustWriteService(authorizer, service.name);
    writer.apply(context.nodeName, planMaintenance(rows, service, enable, request));
  });
  return empty();
}

async function maintainNode(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const enable = parseEnable(request);
  mustWriteNode(context.authorizerOf(request), context.nodeName);
  await writeRows(context.store, (writer, tx) => {
    writer.apply(context.nodeName, planMaintenance(rowsOf(context, tx), undefined, enable, request));
  });
  return empty();
}

/** Enabling what is in maintenance already keeps the first reason. */
function planMaintenance(
  rows: NodeRows,
  service: ServiceRow | undefined,
  enable: boolean,
  { query }: HttpRequest,
): RegistryPlan {
  const checkId = service === undefined ? nodeMaintenanceId : serviceMaintenanceId(service.id);
  if (!enable) return { ...nothingToDo, deletedChecks: [checkId] };
  if (rows.ownCheck(checkId) !== undefined) return nothingToDo;
  return { ...nothingToDo, checks: [maintenanceCheck(rows.node, service, query.get('reason') ?? '')] };
}

function parseEnable({ query }: HttpRequest): boolean {
  const text = query.get('enable');
  if (text === null) throw new HttpError(400, 'Missing value for enable');
  const enable = parseGoBool(text);
  if (enable === undefined) throw new HttpError(400, `Invalid value for enable: ${JSON.stringify(text)}`);
  return enable;
}
