/**
 * Registrations over the catalog API: rows of any node, kept as they came. What this agent registered itself stays the agent's: a
 * catalog write to it is accepted and changes nothing, as the agent would put it back at once.
 */

import { isDeepStrictEqual } from 'node:util';
import type { CheckRow, NodeRow, Row, ServiceRow } from '../state/tables.ts';
import { NodeRows, type TableReader } from './node-rows.ts';
import { ownCheckId, ownServiceId } from './own-node.ts';
import { nothingToDo, type RegistryPlan } from './plan.ts';

export interface CatalogRegistration {
  readonly node: string;
  /** Absent: the node stays as it is (`SkipNodeUpdate`). */
  readonly nodeRow?: NodeRow;
  readonly service?: ServiceRow;
  /** Name and tags of the service are filled in here. */
  readonly checks: readonly CheckRow[];
}

export interface CatalogDeregistration {
  readonly node: string;
  readonly serviceId: string;
  readonly checkId: string;
}

export interface CatalogPlan extends RegistryPlan {
  readonly node: string;
  /** Absent when the node stays as it is. */
  readonly nodeRow?: NodeRow;
  readonly deletesNode: boolean;
}

/** Throws an `Error` in Consul's words when something is named that is not there. */
export function planCatalogRegistration(asked: CatalogRegistration, tables: TableReader, ownNode: string): CatalogPlan {
  const rows = new NodeRows(tables, asked.node);
  const isOwn = asked.node.toLowerCase() === ownNode.toLowerCase();
  const nodeRow = isOwn ? undefined : asked.nodeRow;
  const before = rows.row();
  if (before === undefined && nodeRow === undefined) throw new Error('Missing node registration');
  const node = nodeRow?.node ?? before?.node ?? asked.node;

  const service = asked.service === undefined ? undefined : { ...asked.service, node };
  const services = service === undefined || (isOwn && isAgentsService(rows, service.id)) ? [] : [service];
  const checks = asked.checks
    .map((check) => withService({ ...check, node }, service ?? rows.service(check.serviceId), rows))
    .filter((check) => !(isOwn && isAgentsCheck(rows, check.checkId)));
  return {
    node,
    ...changedNode(nodeRow, before),
    deletesNode: false,
    services,
    checks,
    deletedServices: displaced(services, (id) => rows.serviceSpeltLike(id)?.id),
    deletedChecks: displaced(checks, (id) => rows.checkSpeltLike(id)?.checkId),
  };
}

/** Of a node, a service with its checks, or one check. What is not there: nothing to do. */
export function planCatalogDeregistration(
  { node, serviceId, checkId }: CatalogDeregistration,
  tables: TableReader,
  ownNode: string,
): CatalogPlan {
  const rows = new NodeRows(tables, node);
  const isOwn = node.toLowerCase() === ownNode.toLowerCase();
  const none: CatalogPlan = { ...nothingToDo, node, deletesNode: false };
  if (serviceId !== '') {
    if (rows.service(serviceId) === undefined || (isOwn && isAgentsService(rows, serviceId))) return none;
    const deletedChecks = [...rows.checksOf(serviceId)].map((check) => check.checkId);
    return { ...none, deletedServices: [serviceId], deletedChecks };
  }
  if (checkId !== '') return isOwn && isAgentsCheck(rows, checkId) ? none : { ...none, deletedChecks: [checkId] };
  return isOwn ? none : { ...none, deletesNode: true };
}

function isAgentsService(rows: NodeRows, id: string): boolean {
  return id === ownServiceId || rows.ownService(id) !== undefined;
}

function isAgentsCheck(rows: NodeRows, id: string): boolean {
  return id === ownCheckId || rows.ownCheck(id) !== undefined;
}

function withService(check: CheckRow, named: ServiceRow | undefined, rows: NodeRows): CheckRow {
  if (check.serviceId === '') return check;
  const service = named?.id === check.serviceId ? named : rows.service(check.serviceId);
  if (service === undefined) throw new Error('Missing service registration');
  return { ...check, serviceName: service.name, serviceTags: service.tags };
}

/** A node that registers again without an ID keeps the one it has; the same again is no change. */
function changedNode(row: NodeRow | undefined, before: Row<'nodes'> | undefined): Pick<CatalogPlan, 'nodeRow'> {
  if (row === undefined || before === undefined) return row === undefined ? {} : { nodeRow: row };
  const { createIndex: _, modifyIndex: __, ...content } = before;
  const next = row.id === '' ? { ...row, id: before.id } : row;
  return isDeepStrictEqual(next, content) ? {} : { nodeRow: next };
}

/** In the catalog an ID in another spelling takes the place of the old one. */
function displaced(
  rows: readonly { readonly id?: string; readonly checkId?: string }[],
  spelling: (id: string) => string | undefined,
): string[] {
  return rows.map(({ id, checkId }) => spelling(checkId ?? id ?? '')).filter((id) => id !== undefined);
}
