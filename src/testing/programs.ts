/** Real programs for tests: started, listened to, and always ended, by process id. */

import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Cell, type Closable } from '../base/index.ts';

export interface ProgramOptions {
  /** Added to this process's environment; undefined takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly cwd?: string;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program extends Closable {
  readonly pid: number;
  /** Both streams as they came, up to now. */
  output(): string;
  /**
   * The first line, past or to come, that matches. Rejects with all output when the program ends before it,
   * or when `signal` aborts; by default after 30 seconds.
   */
  line(pattern: RegExp, signal?: AbortSignal): Promise<string>;
  /** Settles when the program is gone and its output is complete. Never rejects. */
  readonly exited: Promise<Exit>;
  /** Sends the signal (SIGTERM) and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<Exit>;
}

/** Starts a program. Rejects when it can't be started at all. `close` ends it with SIGKILL. */
export async function startProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Program> {
  const child = spawn(command, args, { ...spawnOptions(options), stdio: ['ignore', 'pipe', 'pipe'] });
  keepUntilExit(child);
  const progress = new Cell<Progress>({ output: '', exit: undefined });
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      progress.set({ ...progress.value, output: progress.value.output + text });
    });
  }
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      progress.set({ ...progress.value, exit: { code, signal } });
      resolve({ code, signal });
    });
  });
  await once(child, 'spawn');

  const end = (signal: NodeJS.Signals = 'SIGTERM'): Promise<Exit> => {
    child.kill(signal);
    return exited;
  };
  const line = async (pattern: RegExp, signal: AbortSignal = AbortSignal.timeout(30_000)): Promise<string> => {
    const isOver = (now: Progress): boolean => now.exit !== undefined || findLine(now, pattern) !== undefined;
    const last = await progress.until(isOver, signal).catch(() => progress.value);
    const found = findLine(last, pattern);
    if (found !== undefined) return found;
    const why = last.exit === undefined ? 'has not printed' : 'ended without';
    throw new Error(`${[command, ...args].join(' ')} ${why} ${pattern}; its output:\n${last.output}`);
  };
  const close = async (): Promise<void> => {
    await end('SIGKILL');
  };
  return {
    pid: child.pid ?? Number.NaN,
    output: () => progress.value.output,
    line,
    exited,
    end,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Progress {
  readonly output: string;
  readonly exit: Exit | undefined;
}

/** The first line that matches; one that is still being written counts only when nothing more will come. */
function findLine({ output, exit }: Progress, pattern: RegExp): string | undefined {
  const whole = exit === undefined ? output.slice(0, output.lastIndexOf('\n') + 1) : output;
  return whole.split('\n').find((text) => pattern.test(text));
}

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, `input` on its standard input. Rejects when it can't be started, not when it fails. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: ProgramOptions & { readonly input?: string } = {},
): Promise<Finished> {
  const child = spawn(command, args, { ...spawnOptions(options), stdio: 'pipe' });
  keepUntilExit(child);
  child.stdin?.on('error', () => undefined); // a program may end without reading its input
  child.stdin?.end(options.input ?? '');
  const streams = [child.stdout, child.stderr].map(async (stream) => {
    let text = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    if (stream) await once(stream, 'close');
    return text;
  });
  const [code] = await once(child, 'close');
  const [stdout = '', stderr = ''] = await Promise.all(streams);
  return { code, stdout, stderr };
}

/**
 * `count` ports that are free on loopback, for TCP and UDP, for programs that can't be given port 0.
 *
 * They lie below the range from which the system takes ports for outgoing connections, so that a port stays free
 * between here and its use, and while a program that will come back to it is down.
 */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

export async function findFreePort(): Promise<number> {
  const [port = 0] = await findFreePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const stream = createServer();
  const datagrams = createSocket('udp4');
  try {
    await Promise.all([
      once(stream.listen(port, '127.0.0.1'), 'listening'),
      once(datagrams.bind(port, '127.0.0.1'), 'listening'),
    ]);
    return true;
  } catch {
    return false;
  } finally {
    stream.close();
    datagrams.close();
  }
}

function spawnOptions({ env, cwd }: ProgramOptions): SpawnOptions {
  return { env: { ...process.env, ...env }, ...(cwd === undefined ? {} : { cwd }) };
}

const running = new Set<ChildProcess>();

/** A test that ends early, by a failure, a time limit or Ctrl-C, leaves no program behind. */
function keepUntilExit(child: ChildProcess): void {
  if (running.size === 0 && process.listenerCount('exit', killAll) === 0) {
    process.on('exit', killAll);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
  }
  running.add(child);
  child.once('close', () => running.delete(child));
  child.once('error', () => running.delete(child));
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
