import type { NodeRows } from './node-rows.ts';
import { nothingToDo, type RegistryPlan } from './plan.ts';
import { sidecarIdOf } from './sidecar.ts';

/** A service goes with its checks and with the sidecar that its registration made. An unknown ID: nothing to do. */
export function planServiceDeregistration(id: string, rows: NodeRows): RegistryPlan {
  if (rows.ownService(id) === undefined) return nothingToDo;
  const sidecar = rows.ownService(sidecarIdOf(id));
  const deletedServices = sidecar?.local?.sidecarOf === id ? [id, sidecar.id] : [id];
  return {
    ...nothingToDo,
    deletedServices,
    deletedChecks: deletedServices.flatMap((service) => [...rows.checksOf(service)].map(({ checkId }) => checkId)),
  };
}

export function planCheckDeregistration(id: string, rows: NodeRows): RegistryPlan {
  return rows.ownCheck(id) === undefined ? nothingToDo : { ...nothingToDo, deletedChecks: [id] };
}
