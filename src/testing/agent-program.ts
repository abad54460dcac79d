/** `fairlead agent` as a real process, in memory or not, on a free port. */

import { fileURLToPath } from 'node:url';
import { type Program, startProgram } from './programs.ts';

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

/** Serves when it resolves. */
export async function startAgentProgram(...flags: readonly string[]): Promise<Program> {
  const agent = await startProgram(process.execPath, [main, 'agent', '-http-port=0', ...flags]);
  await agent.line(/Fairlead agent running on/);
  return agent;
}

/** Where it serves HTTP: `127.0.0.1:8500`. */
export function addressOfAgent(agent: Program): string {
  return /running on (127\.0\.0\.1:\d+)/.exec(agent.output())?.[1] ?? '';
}
