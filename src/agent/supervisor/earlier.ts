/** Processes that an earlier agent has left running. */

import type { Clock } from '../../base/index.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import type { ProxyProcessRow } from '../state/managed-proxies.ts';
import { findProcess, killLeftBehind, type ProxyProcess } from './proxy-process.ts';
import { findStrays, tokenOf } from './strays.ts';

export interface EarlierProcess {
  readonly proxyId: string;
  /** Digest of what it was started with; empty where nobody noted it. */
  readonly launch: string;
  readonly process: ProxyProcess;
}

export interface Earlier {
  /** One for each proxy, at most. */
  readonly found: readonly EarlierProcess[];
  /** Proxies whose noted process runs no more. */
  readonly gone: readonly string[];
}

/** What runs beside the one that is found for a proxy, or is left of one that has ended, is killed: there must not be two. */
export function findEarlier(
  noted: readonly ProxyProcessRow[],
  declared: readonly Pick<ManagedProxy, 'id' | 'token'>[],
  clock: Clock,
): Earlier {
  const tokens = new Map(declared.map(({ id, token }) => [id, token]));
  const found = new Map<string, EarlierProcess>();
  for (const { proxyId, launch, ...row } of noted) {
    const token = tokens.get(proxyId) ?? tokenOf(row.pid); // of one that is declared no more, its process alone knows
    const process = findProcess(row, token, clock);
    if (process === undefined) killLeftBehind(row.pid, token);
    else found.set(proxyId, { proxyId, launch, process });
  }
  const gone = noted.filter(({ proxyId }) => !found.has(proxyId)).map(({ proxyId }) => proxyId);
  for (const { proxyId, ...stray } of findStrays(new Map(declared.map(({ id, token }) => [token, id])))) {
    const isKnown = found.get(proxyId)?.process.pid === stray.pid;
    const process = isKnown
      ? undefined
      : findProcess({ ...stray, startedAt: clock.now() }, tokens.get(proxyId) ?? '', clock);
    if (process === undefined) continue;
    if (found.has(proxyId)) process.signal('SIGKILL');
    else found.set(proxyId, { proxyId, launch: '', process });
  }
  return { found: [...found.values()], gone };
}
