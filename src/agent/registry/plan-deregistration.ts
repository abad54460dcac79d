import { managedProxyIdOf } from './managed-proxy.ts';
import type { NodeRows } from './node-rows.ts';
import { nothingToDo, type RegistryPlan } from './plan.ts';
import { sidecarIdOf } from './sidecar.ts';

/**
 * A service goes with its checks, and with the sidecar and the managed proxy that its registration made. The service of a managed proxy
 * takes the proxy with it. An unknown ID: nothing to do.
 */
export function planServiceDeregistration(id: string, rows: NodeRows): RegistryPlan {
  const service = rows.ownService(id);
  if (service === undefined) return nothingToDo;
  const made = [rows.ownService(sidecarIdOf(id)), rows.ownService(managedProxyIdOf(id))].filter(
    (other) => other?.local?.sidecarOf === id || other?.local?.managedFor === id,
  );
  const deletedServices = [id, ...made.map((other) => other?.id ?? '')];
  return {
    ...nothingToDo,
    deletedServices,
    deletedChecks: deletedServices.flatMap((service) => [...rows.checksOf(service)].map(({ checkId }) => checkId)),
    deletedManagedProxies: [service.local?.managedFor ?? id],
  };
}

export function planCheckDeregistration(id: string, rows: NodeRows): RegistryPlan {
  return rows.ownCheck(id) === undefined ? nothingToDo : { ...nothingToDo, deletedChecks: [id] };
}
