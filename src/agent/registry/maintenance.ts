/** Maintenance mode: a critical check that says why, on a service or on the node. */

import type { CheckRow, ServiceRow } from '../state/tables.ts';

export const nodeMaintenanceId = '_node_maintenance';

export function serviceMaintenanceId(serviceId: string): string {
  return `_service_maintenance:${serviceId}`;
}

export function isMaintenanceCheck(checkId: string): boolean {
  return checkId === nodeMaintenanceId || checkId.startsWith('_service_maintenance:');
}

/** The check that puts `service`, or the whole node, into maintenance. */
export function maintenanceCheck(
  node: string,
  service: Pick<ServiceRow, 'id' | 'name' | 'tags'> | undefined,
  reason: string,
): CheckRow {
  const what = service === undefined ? 'node' : 'service';
  return {
    node,
    checkId: service === undefined ? nodeMaintenanceId : serviceMaintenanceId(service.id),
    name: service === undefined ? 'Node Maintenance Mode' : 'Service Maintenance Mode',
    status: 'critical',
    notes: reason || `Maintenance mode is enabled for this ${what}, without a reason given.`,
    output: '',
    serviceId: service?.id ?? '',
    serviceName: service?.name ?? '',
    serviceTags: service?.tags ?? [],
    type: 'maintenance',
    local: { definition: { type: 'maintenance' } },
  };
}
