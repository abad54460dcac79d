/** What the managed proxies of this agent find here: a proxy to run where none is named, and the environment of this process. */

import type { AgentOptions } from '../agent/index.ts';
import type { LogLevel } from '../base/index.ts';
import type { Environment } from './command.ts';

export function withOwnProxy(options: AgentOptions, level: LogLevel, env: Environment): AgentOptions {
  const environment = Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return {
    ...options,
    managedProxies: {
      ...options.managedProxies,
      ownCommand: [process.execPath, process.argv[1] ?? '', 'connect', 'proxy', ...levelFlag(level)],
      environment: Object.fromEntries(environment),
    },
  };
}

/** As loud as the agent itself, so that what is looked for is looked for in both. */
function levelFlag(level: LogLevel): string[] {
  if (level === 'info') return [];
  return ['-log-level', level === 'error' ? 'ERR' : level.toUpperCase()];
}
