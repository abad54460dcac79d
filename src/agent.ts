/** What `import … from 'fairlead/agent'` gives: an agent in the user's own process. */

import './supported-node.ts';
import type { Agent, AgentHooks, AgentOptions } from './agent/index.ts';
import { type Clock, type Log, noMetrics, systemClock } from './base/index.ts';
import { processWarnings } from './process-warnings.ts';

export type {
  Agent,
  AgentHooks,
  AgentLimits,
  AgentOptions,
  Definitions,
  StorageError,
  StorageErrorCode,
} from './agent/index.ts';
export { type Clock, InputError, type Log } from './base/index.ts';

/**
 * Serves when it resolves; `dev: true` keeps everything in memory, `http: [{ host: '127.0.0.1', port: 0 }]` takes a free port. Any
 * number of agents may run in a process. Rejects with an `InputError` for options that can't be used, with a `StorageError` when the
 * state can't be opened. Without a `log`, warnings become warnings of the process.
 */
export async function startAgent(
  options: AgentOptions & AgentHooks & { readonly log?: Log; readonly clock?: Clock },
): Promise<Agent> {
  const { log = processWarnings, clock = systemClock, readDefinitions, readMetrics, ...rest } = options;
  // Loaded only now: an older Node, which has no SQLite, is to get as far as the check above.
  const { startAgent: start } = await import('./agent/index.ts');
  return start(
    rest,
    { log, clock, metrics: noMetrics, random: Math.random },
    { ...(readDefinitions && { readDefinitions }), ...(readMetrics && { readMetrics }) },
  );
}
