/**
 * Proxies that were started in the moment before an agent was killed, so that it could not note them, and what proxies that have ended left
 * behind. Known by the token in their environment; found on Linux alone.
 */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tokenVariable } from './environment.ts';
import { identityOf, type ProcessStatus, parseStatus } from './process-identity.ts';

export interface Stray {
  readonly proxyId: string;
  readonly pid: number;
  readonly identity: string;
}

/** Processes of this user that have one of `tokens` (token → proxy ID) and were started as the agent starts them. */
export function findStrays(tokens: ReadonlyMap<string, string>): Stray[] {
  if (tokens.size === 0) return [];
  return processIds().flatMap((pid) => {
    const proxyId = tokens.get(tokenIn(pid));
    const identity = proxyId === undefined ? undefined : identityOf(pid);
    return proxyId === undefined || identity === undefined ? [] : [{ proxyId, pid, identity }];
  });
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

/** Empty for whatever is none of ours. What a proxy has started itself has its environment too, but leads no session. */
function tokenIn(pid: number): string {
  return statusOf(pid)?.session === pid ? tokenOf(pid) : '';
}

/**
 * Whether the group that process `leader` led has members that were started with `token`. An ID is not given out again for as long as it is
 * that of a group, so that such a group is the former one.
 */
export function isLeftBehind(leader: number, token: string): boolean {
  return token !== '' && processIds().some((pid) => statusOf(pid)?.group === leader && tokenOf(pid) === token);
}

/** With which token process `pid` was started; empty where it is no managed proxy of this user, or gone. */
export function tokenOf(pid: number): string {
  try {
    const folder = `/proc/${pid}`;
    if (statSync(folder).uid !== process.geteuid?.()) return '';
    const prefix = `${tokenVariable}=`;
    const found = readFileSync(`${folder}/environ`, 'utf8')
      .split('\0')
      .find((entry) => entry.startsWith(prefix));
    return found?.slice(prefix.length) ?? '';
  } catch {
    return '';
  }
}

function statusOf(pid: number): ProcessStatus | undefined {
  try {
    return parseStatus(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined; // gone meanwhile
  }
}
