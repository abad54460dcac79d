/** A script check: runs a program, without a shell. It ends with 0 for passing, 1 for a warning, anything else is critical. */

import { type ChildProcess, spawn } from 'node:child_process';
import { formatDuration } from '../../base/index.ts';
import type { CheckStatus } from '../state/tables.ts';
import { outputLimitOf } from './output.ts';
import type { Probe } from './probe.ts';

/** Milliseconds that a script has where its check says nothing. */
export const usualScriptTimeout = 30_000;

export const probeScript: Probe = async (definition, signal) => {
  const [program = '', ...args] = definition.args ?? [];
  const kept = new Tail(outputLimitOf(definition));
  try {
    const code = await run(program, args, kept, signal);
    const timeout = formatDuration(definition.timeout || usualScriptTimeout);
    const output = signal.aborted ? `Timed out (${timeout}) running check\n\n${kept}` : String(kept);
    return { status: signal.aborted ? 'critical' : statusOf(code), output };
  } catch (error) {
    return { status: 'critical', output: describe(error as Error & { code?: string }, program) };
  }
};

function statusOf(code: number | null): CheckStatus {
  return code === 0 ? 'passing' : code === 1 ? 'warning' : 'critical';
}

/** The exit code, null after a signal. Rejects when the program can't be started. */
function run(program: string, args: string[], output: Tail, signal: AbortSignal): Promise<number | null> {
  const { promise, resolve, reject } = Promise.withResolvers<number | null>();
  if (program === '') {
    reject(Object.assign(new Error('no such file or directory'), { code: 'ENOENT' }));
    return promise;
  }
  // A group of its own, so that what it starts can be ended with it.
  const child = spawn(program, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.add(chunk));
  const stop = (): void => {
    killGroup(child);
    // A descendant that left the group may hold the pipes for ever.
    child.stdout.destroy();
    child.stderr.destroy();
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  child.once('error', reject);
  child.once('close', (code) => {
    signal.removeEventListener('abort', stop);
    resolve(code);
  });
  return promise;
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return; // it never was
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** In the words of Go. */
function describe({ code, message }: Error & { readonly code?: string }, program: string): string {
  const isPath = program === '' || program.includes('/');
  if (code === 'ENOENT' && !isPath) return `exec: ${JSON.stringify(program)}: executable file not found in $PATH`;
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    ENOEXEC: 'exec format error',
  };
  return `fork/exec ${program}: ${reasons[code ?? ''] ?? message}`;
}

/** The last bytes of an output of any length, as what went wrong stands at the end. */
class Tail {
  readonly #limit: number;
  #kept: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#total += chunk.length;
    this.#kept = Buffer.concat([this.#kept, chunk]).subarray(-this.#limit);
  }

  toString(): string {
    const text = this.#kept.toString();
    return this.#total <= this.#limit ? text : `Captured ${this.#limit} of ${this.#total} bytes\n...\n${text}`;
  }
}
