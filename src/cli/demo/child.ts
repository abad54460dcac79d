/** A process that the demo has started: a real `fairlead agent` or `fairlead proxy`, with its output in a file. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Closable, CloseOptions } from '../../base/index.ts';

export interface Child extends Closable {
  /** What it is to the reader: `the agent`, `the sidecar of web`. */
  readonly title: string;
  readonly pid: number;
  readonly logFile: string;
  /** Whether it still runs. */
  isRunning(): boolean;
  /** Settles when it is gone. */
  readonly exited: Promise<void>;
  /** The end of its output, for messages. */
  lastLines(): string;
}

export interface ChildOptions {
  readonly title: string;
  readonly args: readonly string[];
  readonly logFile: string;
}

/** Processes that still run; none outlives this one, whatever ends it. */
const running = new Set<ChildProcess>();
let isGuarded = false;

/**
 * Runs this program again with other arguments. In a process group of its own: a Ctrl-C reaches the demo alone, which ends
 * its children in the right order.
 */
export async function startChild({ title, args, logFile }: ChildOptions): Promise<Child> {
  guardExit();
  const log = openSync(logFile, 'a');
  const program = [...process.execArgv, process.argv[1] ?? ''];
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ['ignore', log, log],
    detached: true,
    env: withoutConsul(process.env),
  });
  closeSync(log);
  running.add(child);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      running.delete(child);
      resolve();
    });
  });
  await once(child, 'spawn');

  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  const close = async ({ signal }: CloseOptions = {}): Promise<void> => {
    if (!isRunning()) return;
    const kill = (): boolean => child.kill('SIGKILL');
    if (signal?.aborted) kill();
    else signal?.addEventListener('abort', kill, { once: true });
    child.kill('SIGTERM');
    await exited;
    signal?.removeEventListener('abort', kill);
  };
  return {
    title,
    pid: child.pid ?? 0,
    logFile,
    isRunning,
    exited,
    lastLines: () => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-12).join('\n'),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** The demo's mesh is its own: what the user's shell says of another agent must not reach it. */
function withoutConsul(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(?:CONSUL|CONNECT)_/.test(name)));
}

function guardExit(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', () => {
    for (const child of running) child.kill('SIGKILL');
  });
}
