/** One process of a managed proxy: started by this agent, or by the one before it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Clock } from '../../base/index.ts';
import type { Launch } from './launch.ts';
import { openLogs } from './log-files.ts';
import { identityOf } from './process-identity.ts';
import { isLeftBehind } from './strays.ts';

export interface ProxyProcess {
  readonly pid: number;
  readonly identity: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  /** Resolves when it has ended, with how, for people. Never rejects. */
  readonly ended: Promise<string>;
  /** To the process and what it has started in its group, as a terminal does. */
  signal(signal: 'SIGINT' | 'SIGKILL'): void;
  /** It goes on, and this agent looks at it no more. */
  leave(): void;
}

/**
 * In a session of its own, so that no terminal's Ctrl-C and no end of the agent reaches it. Its output goes to files, or nowhere without a
 * data directory. Rejects when it can't be started.
 */
export async function startProcess(launch: Launch, dataDir: string | undefined, clock: Clock): Promise<ProxyProcess> {
  const child = spawnLogged(launch, dataDir);
  const ended = endOf(child);
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error('it has no process ID');
  return {
    pid,
    identity: identityOf(pid) ?? '',
    startedAt: clock.now(),
    ended,
    signal: (signal) => signalGroup(pid, signal),
    leave: () => child.unref(),
  };
}

function spawnLogged({ proxyId, file, args, command, environment }: Launch, dataDir: string | undefined): ChildProcess {
  using logs = dataDir === undefined ? undefined : openLogs(dataDir, proxyId);
  return spawn(file, args, {
    argv0: command[0],
    env: environment,
    detached: true,
    stdio: ['ignore', logs?.stdout ?? 'ignore', logs?.stderr ?? 'ignore'],
  });
}

function endOf(child: ChildProcess): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  child.once('exit', (code, signal) => {
    resolve(signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`);
  });
  child.on('error', (error) => resolve(error.message));
  return promise;
}

/** Milliseconds between two looks at a process that is not this agent's child. */
const lookInterval = 1_000;

/** Of a process that an earlier agent has started, with `token`. Undefined when it runs no more. */
export function findProcess(
  { pid, identity, startedAt }: Pick<ProxyProcess, 'pid' | 'identity' | 'startedAt'>,
  token: string,
  clock: Clock,
): ProxyProcess | undefined {
  const isThere = (): boolean => identity !== '' && identityOf(pid) === identity;
  if (!isThere()) return undefined;
  const left = new AbortController();
  const watch = async (): Promise<string> => {
    while (isThere() && !left.signal.aborted) await clock.sleep(lookInterval, left.signal);
    return 'ended';
  };
  return {
    pid,
    identity,
    startedAt,
    ended: watch(),
    signal: (signal) => {
      if (isThere()) signalGroup(pid, signal);
      else killLeftBehind(pid, token);
    },
    leave: () => left.abort(),
  };
}

/** What a proxy that has ended left of its group would hold the port against the next one. */
export function killLeftBehind(leader: number, token: string): void {
  if (isLeftBehind(leader, token)) signalGroup(leader, 'SIGKILL');
}

function signalGroup(pid: number, signal: 'SIGINT' | 'SIGKILL'): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // Nobody is left to hear it.
  }
}
