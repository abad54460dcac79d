/** `DeregisterCriticalServiceAfter`: services that were critical for too long are given up. */

import type { CheckRow } from '../state/tables.ts';

/** A shorter one is taken for this. */
const shortest = 60_000;

/** Since when checks have been seen critical, by ID; milliseconds since the epoch. */
export type CriticalSince = ReadonlyMap<string, number>;

/** Which services are to be deregistered at `now`, and what to remember until the next look. */
export function findGivenUp(
  checks: Iterable<CheckRow>,
  before: CriticalSince,
  now: number,
): { readonly since: CriticalSince; readonly services: ReadonlySet<string> } {
  const since = new Map<string, number>();
  const services = new Set<string>();
  for (const { checkId, serviceId, status, local } of checks) {
    const after = local?.definition.deregisterCriticalServiceAfter ?? 0;
    if (after <= 0 || serviceId === '' || status !== 'critical') continue;
    const start = before.get(checkId) ?? now;
    since.set(checkId, start);
    if (now - start >= Math.max(after, shortest)) services.add(serviceId);
  }
  return { since, services };
}
