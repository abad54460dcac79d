/** The agents of a measurement: the real Consul, with its limit of connections per client raised, and ours. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts, type Program, start } from './process.ts';

export interface Agent {
  readonly port: number;
  readonly address: string;
  readonly pid: number;
  end(): Promise<void>;
}

export async function startConsul(consul: string): Promise<Agent> {
  const [http = 0, server = 0, lan = 0, wan = 0] = await freePorts(4);
  const folder = mkdtempSync(join(tmpdir(), 'bench-consul-'));
  const config = {
    server: true,
    bootstrap_expect: 1,
    data_dir: join(folder, 'data'),
    bind_addr: '127.0.0.1',
    ports: { http, server, serf_lan: lan, serf_wan: wan, grpc: -1, dns: -1 },
    connect: { enabled: true },
    limits: { http_max_conns_per_client: 10_000 },
    performance: { raft_multiplier: 1 },
    log_level: 'ERROR',
  };
  const file = join(folder, 'agent.json');
  writeFileSync(file, JSON.stringify(config));
  return ready(start('consul agent', consul, ['agent', '-config-file', file]), http, folder);
}

export async function startOurAgent(fairlead: readonly [string, ...string[]]): Promise<Agent> {
  const [http = 0] = await freePorts(1);
  const folder = mkdtempSync(join(tmpdir(), 'bench-agent-'));
  const [command, ...args] = fairlead;
  const flags = ['agent', '-data-dir', join(folder, 'data'), '-http-port', String(http), '-log-level', 'error'];
  return ready(start('fairlead agent', command, [...args, ...flags]), http, folder);
}

async function ready(program: Program, port: number, folder: string): Promise<Agent> {
  const address = `http://127.0.0.1:${port}`;
  const until = Date.now() + 30_000;
  for (;;) {
    const answer = await fetch(`${address}/v1/agent/connect/ca/leaf/bench-probe`).catch(() => undefined);
    if (answer?.ok) break;
    if (Date.now() > until) throw new Error(`${program.name} gave no leaf within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    port,
    address,
    pid: program.pid,
    async end() {
      await program.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function put(agent: Agent, path: string, body: unknown, method = 'PUT'): Promise<void> {
  const answer = await fetch(agent.address + path, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

export async function get<T>(agent: Agent, path: string): Promise<T> {
  const answer = await fetch(agent.address + path);
  if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as T;
}
