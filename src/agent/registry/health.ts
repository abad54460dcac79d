/** Instances with their nodes and checks, in the order in which Consul gives them, and how healthy they are together. */

import type { CheckRow, CheckStatus, Row } from '../state/tables.ts';
import { fold } from '../state/tables.ts';
import { isMaintenanceCheck } from './maintenance.ts';
import { NodeRows, type TableReader } from './node-rows.ts';

export interface Instance {
  readonly node: Row<'nodes'>;
  readonly service: Row<'services'>;
  /** Those of the node, then those of the service, each by ID. */
  readonly checks: readonly Row<'checks'>[];
}

/** All instances of a name, by node and ID. Case does not matter. */
export function instancesOf(tables: TableReader, name: string): Instance[] {
  return withHealth(tables, tables.table('services').by('name', fold(name)));
}

/** All instances that take Connect traffic for a name: proxies whose destination it is, and native ones. */
export function connectInstancesOf(tables: TableReader, name: string): Instance[] {
  return withHealth(tables, tables.table('services').by('connect', fold(name)));
}

function withHealth(tables: TableReader, services: Iterable<Row<'services'>>): Instance[] {
  return [...services].sort(byNodeAndId).flatMap((service) => {
    const rows = new NodeRows(tables, service.node);
    const node = rows.row();
    const checks = [...[...rows.checksOf('')].sort(byCheckId), ...[...rows.checksOf(service.id)].sort(byCheckId)];
    return node === undefined ? [] : [{ node, service, checks }];
  });
}

export function byNodeAndId(a: Row<'services'>, b: Row<'services'>): number {
  return compare(fold(a.node), fold(b.node)) || compare(fold(a.id), fold(b.id));
}

export function byNodeAndCheckId(a: CheckRow, b: CheckRow): number {
  return compare(fold(a.node), fold(b.node)) || byCheckId(a, b);
}

export function byCheckId(a: CheckRow, b: CheckRow): number {
  return compare(fold(a.checkId), fold(b.checkId));
}

/** Bytewise, as Go sorts; a locale has no say. */
export function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function isPassing(instance: Instance): boolean {
  return instance.checks.every(({ status }) => status === 'passing');
}

export type AggregatedStatus = CheckStatus | 'maintenance';

/** The worst of several checks; maintenance is worse than critical. None at all: passing. */
export function aggregate(checks: Iterable<CheckRow>): AggregatedStatus {
  let worst: AggregatedStatus = 'passing';
  for (const { checkId, status } of checks) {
    const found = isMaintenanceCheck(checkId) ? 'maintenance' : status;
    if (severity[found] > severity[worst]) worst = found;
  }
  return worst;
}

const severity: Readonly<Record<AggregatedStatus, number>> = { passing: 0, warning: 1, critical: 2, maintenance: 3 };
