/** Proxies that were started in the moment before an agent was killed, so that it could not note them. Found on Linux alone. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tokenVariable } from './environment.ts';
import { identityOf, parseStatus } from './process-identity.ts';

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
  try {
    const folder = `/proc/${pid}`;
    if (statSync(folder).uid !== process.geteuid?.()) return '';
    if (parseStatus(readFileSync(`${folder}/stat`, 'utf8')).session !== pid) return '';
    const prefix = `${tokenVariable}=`;
    const found = readFileSync(`${folder}/environ`, 'utf8')
      .split('\0')
      .find((entry) => entry.startsWith(prefix));
    return found?.slice(prefix.length) ?? '';
  } catch {
    return ''; // gone meanwhile
  }
}
