/** From a managed proxy's definition to what is started for it. Pure. */

import { hash } from 'node:crypto';
import { resolve } from 'node:path';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import { environmentOf } from './environment.ts';

export interface Launch {
  readonly proxyId: string;
  /** As declared. */
  readonly command: readonly string[];
  /** What is executed: never looked for on the path, never given to a shell. */
  readonly file: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** The same for the same command, environment and token: another one means another process. */
  readonly digest: string;
}

export interface Surroundings {
  /** Undefined where the agent serves no address that a process could reach. */
  readonly agentAddress: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** Whether what is started would run as root against the operator's word. */
  readonly isRefusedAsRoot: boolean;
}

/** Or why there is nothing to start, for people. */
export function planLaunch(proxy: ManagedProxy, surroundings: Surroundings): Launch | { readonly reason: string } {
  const { agentAddress, environment: inherited, isRefusedAsRoot } = surroundings;
  const [first, ...args] = proxy.command;
  if (proxy.execMode === 'script') return { reason: 'proxies of the mode "script" are kept, but not run' };
  if (isRefusedAsRoot) {
    return {
      reason: 'the agent runs as root and starts no proxies then, unless connect.proxy.allow_managed_root is true',
    };
  }
  if (first === undefined) return { reason: 'it has no command, and the agent none of its own' };
  if (agentAddress === undefined) return { reason: 'the agent serves no address on which a proxy could ask it' };
  const environment = environmentOf(proxy, agentAddress, inherited);
  const file = resolve(first);
  return {
    proxyId: proxy.id,
    command: proxy.command,
    file,
    args,
    environment,
    digest: digestOf([file, first, args, lasting(environment)]),
  };
}

function digestOf(parts: unknown): string {
  return hash('sha256', JSON.stringify(parts));
}

/** Variables that are others at each start of an agent, whatever it is. */
const passing: ReadonlySet<string> = new Set([
  '_',
  'SHLVL',
  'OLDPWD',
  'INVOCATION_ID',
  'JOURNAL_STREAM',
  'SYSTEMD_EXEC_PID',
]);

function lasting(environment: Readonly<Record<string, string>>): [string, string][] {
  return Object.entries(environment)
    .filter(([name]) => !passing.has(name))
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
