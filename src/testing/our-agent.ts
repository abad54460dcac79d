/** Our agent as a process of its own, with a data directory, on a free port of loopback. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../base/index.ts';
import { findFreePort, type Program, startProgram } from './programs.ts';

export interface OurAgent extends Closable {
  /** `127.0.0.1:port` of the HTTP API. The same after a restart. */
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  readonly pid: number;
  output(): string;
  /** As `Program.line`, of the agent that runs now. */
  line(pattern: RegExp, signal?: AbortSignal): Promise<string>;
  /** Ends the agent as a crash would. */
  kill9(): Promise<void>;
  /** Starts the agent again, on the same port and data. */
  restart(): Promise<void>;
}

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

export interface OurAgentOptions {
  /** Absent: a new folder, removed by `close`. */
  readonly dataDir?: string;
  /** A command that runs the one that follows it, in another place: `nsenter …`. */
  readonly within?: readonly string[];
}

/** Resolves when the agent answers. `flags` are added to its command line. */
export async function startOurAgent(flags: readonly string[] = [], options: OurAgentOptions = {}): Promise<OurAgent> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-agent-'));
  const { dataDir = join(folder, 'data'), within = [] } = options;
  const port = await findFreePort();
  const address = `127.0.0.1:${port}`;
  const launch = async (): Promise<Program> => {
    const args = ['agent', '-data-dir', dataDir, '-http-port', String(port), '-node', 'ours', ...flags];
    const [command = process.execPath, ...rest] = [...within, process.execPath, main, ...args];
    const program = await startProgram(command, rest);
    await answers(program, `http://${address}/v1/status/leader`);
    return program;
  };
  let agent = await launch();
  const close = async (): Promise<void> => {
    await agent.close();
    await rm(folder, { recursive: true, force: true });
  };
  return {
    address,
    port,
    dataDir,
    get pid() {
      return agent.pid;
    },
    output: () => agent.output(),
    line: (pattern, signal) => agent.line(pattern, signal),
    kill9: async () => {
      await agent.end('SIGKILL');
    },
    restart: async () => {
      await agent.close();
      agent = await launch();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** A port that is not bound yet gives no event to wait for. */
async function answers(program: Program, url: string): Promise<void> {
  const deadline = AbortSignal.timeout(20_000);
  let isGone = false;
  void program.exited.then(() => {
    isGone = true;
  });
  while (!deadline.aborted && !isGone) {
    const response = await fetch(url, { signal: deadline }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await sleep(10);
  }
  await program.close();
  throw new Error(`our agent does not answer; its output:\n${program.output()}`);
}
