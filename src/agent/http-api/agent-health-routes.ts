/** `/v1/agent/health/service/…`: one status for a service or an instance, which is the answer's status too. For load balancers. */

import { type HttpReply, type HttpRequest, Json, type Route } from '../../http/index.ts';
import { type AggregatedStatus, aggregate, byCheckId } from '../registry/health.ts';
import { NodeRows } from '../registry/node-rows.ts';
import { fold, type Row } from '../state/tables.ts';
import type { ApiContext } from './context.ts';
import { mustReadService } from './permissions.ts';
import { readSettled } from './settled.ts';
import { agentHealthCheck } from './wire-check.ts';
import { agentService } from './wire-service.ts';

export function agentHealthRoutes(context: ApiContext): Route[] {
  return [
    { path: '/v1/agent/health/service/id/', methods: { GET: (request) => getById(context, request) } },
    { path: '/v1/agent/health/service/name/', methods: { GET: (request) => getByName(context, request) } },
  ];
}

const statusCodes: Readonly<Record<AggregatedStatus, number>> = {
  passing: 200,
  warning: 429,
  critical: 503,
  maintenance: 503,
};

async function getById(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  const authorizer = context.authorizerOf(request);
  const row = await readSettled(context.store, () => new NodeRows(context.store, context.nodeName).ownService(id));
  if (row === undefined) {
    mustReadService(authorizer, id);
    const nothing = { AggregatedStatus: 'critical', Service: null, Checks: null };
    return reply(request, 404, `ServiceId ${id} not found`, nothing);
  }
  mustReadService(authorizer, row.name);
  const health = healthOf(context, row);
  return reply(request, statusCodes[health.AggregatedStatus], health.AggregatedStatus, health);
}

async function getByName(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const name = request.rest;
  mustReadService(context.authorizerOf(request), name);
  const found = await readSettled(context.store, () =>
    [...context.store.table('services').by('name', fold(name))]
      .filter(({ local }) => local !== undefined)
      .map((row) => healthOf(context, row)),
  );
  if (found.length === 0) return reply(request, 404, `ServiceName ${name} Not Found`, []);
  const worst = found.reduce((a, b) => (statusCodes[b.AggregatedStatus] > statusCodes[a.AggregatedStatus] ? b : a));
  return reply(request, statusCodes[worst.AggregatedStatus], worst.AggregatedStatus, found);
}

interface ServiceHealth {
  readonly AggregatedStatus: AggregatedStatus;
  readonly Service: object;
  readonly Checks: readonly object[];
}

/** The node's own checks count, as a node in maintenance serves nobody. */
function healthOf({ store, nodeName, datacenter }: ApiContext, service: Row<'services'>): ServiceHealth {
  const rows = new NodeRows(store, nodeName);
  const checks = [...rows.checksOf(''), ...rows.checksOf(service.id)]
    .filter(({ local }) => local !== undefined)
    .sort(byCheckId);
  return {
    AggregatedStatus: aggregate(checks),
    Service: agentService(service, datacenter),
    Checks: checks.map(agentHealthCheck),
  };
}

function reply(request: HttpRequest, status: number, reason: string, value: object): HttpReply {
  const headers = { 'X-Consul-Reason': reason };
  const { accept = '' } = request.headers;
  const isText = request.query.get('format') === 'text' || accept.startsWith('text/plain');
  if (isText) return { status, headers: { ...headers, 'Content-Type': 'text/plain' }, body: reason };
  return { status, headers, body: new Json(value) };
}
