import type { ManagedProxyRow } from '../state/managed-proxies.ts';
import type { CheckRow, ServiceRow } from '../state/tables.ts';

/** Rows to store and IDs to remove on one node, as one step. Deletions come first. */
export interface RegistryPlan {
  readonly services: readonly ServiceRow[];
  readonly checks: readonly CheckRow[];
  readonly deletedServices: readonly string[];
  readonly deletedChecks: readonly string[];
  readonly managedProxies?: readonly ManagedProxyRow[];
  /** By the IDs of their services. */
  readonly deletedManagedProxies?: readonly string[];
}

export const nothingToDo: RegistryPlan = { services: [], checks: [], deletedServices: [], deletedChecks: [] };
