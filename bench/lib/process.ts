/** Programs under measurement: started, watched by the kernel's own accounts, ended by their id. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

export interface Program {
  readonly name: string;
  readonly child: ChildProcess;
  readonly pid: number;
  end(): Promise<void>;
}

export function start(name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let last = '';
  const keep = (chunk: Buffer): void => {
    last = (last + chunk.toString()).slice(-2_000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  let ending = false;
  child.once('exit', (code, signal) => {
    if (!ending) process.stderr.write(`${name} ended by itself (${signal ?? code}):\n${last}\n`);
  });
  return {
    name,
    child,
    pid: child.pid ?? 0,
    async end() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      ending = true;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), 3_000);
      await gone;
      clearTimeout(hurry);
    },
  };
}

/** Processor seconds that these processes have used so far, in user and kernel mode. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
  }, 0);
}

/** Resident memory of these processes in KB, with what they share counted once for each. */
export function residentKb(pids: readonly number[]): number {
  return pids.reduce(
    (sum, pid) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0),
    0,
  );
}

/** Resolves when `port` accepts a connection and, with `answers`, when one byte sent comes back as one byte. */
export async function untilServing(
  port: number,
  { answers = false, within = 30_000 }: { answers?: boolean; within?: number } = {},
): Promise<void> {
  const until = Date.now() + within;
  while (Date.now() < until) {
    if (await tryOnce(port, answers)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing serves on port ${port} after ${within / 1_000} s`);
}

async function tryOnce(port: number, answers: boolean): Promise<boolean> {
  const socket = net.connect(port, '127.0.0.1');
  const alarm = setTimeout(() => socket.destroy(), 2_000);
  try {
    await once(socket, 'connect');
    if (!answers) return true;
    socket.write('1');
    return await Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);
  } catch {
    return false;
  } finally {
    clearTimeout(alarm);
    socket.destroy();
  }
}

export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => net.createServer());
  const ports: number[] = [];
  for (const server of servers) {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    ports.push((server.address() as net.AddressInfo).port);
  }
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}
