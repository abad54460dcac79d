/** The real Consul as a peer for tests: one server with a data directory, on loopback and free ports. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../base/index.ts';
import { type Finished, findFreePorts, type Program, runProgram, startProgram } from './programs.ts';

export interface RealConsulOptions {
  /** Keys of Consul's own configuration, laid over ours. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Absent: a new folder, removed by `close`. */
  readonly dataDir?: string;
  /** Runs with ACLs, default policy deny, and this token (a UUID) allowed everything. */
  readonly acl?: { readonly masterToken: string };
  /** How many connections one client address may hold. Absent: Consul's own limit, 200. */
  readonly maxConnectionsPerClient?: number;
}

export interface RealConsul extends Closable {
  /** `127.0.0.1:port` of the HTTP API. The same after a restart. */
  readonly address: string;
  readonly port: number;
  readonly dataDir: string;
  /** Everything that the agents, one after the other, have logged. */
  output(): string;
  /** Runs a command of the `consul` program against this agent. */
  cli(args: readonly string[], options?: CliOptions): Promise<Finished>;
  /**
   * Starts the built-in proxy, `consul connect proxy …`, and waits until it has configuration, leaf and roots.
   * It retries its listeners by itself; wait for a `line` of its own where that matters.
   */
  startProxy(args: readonly string[], env?: CliOptions['env']): Promise<Program>;
  /** Ends the agent as a crash would. */
  kill9(): Promise<void>;
  /** Starts the agent again, on the same ports and data. */
  restart(): Promise<void>;
}

export interface CliOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string;
}

/** Path of the program that `scripts/real-consul.js` has brought. Throws, in one line, when it has not run. */
export function findConsul(): string {
  const path = fileURLToPath(new URL('../../.peers/consul/consul', import.meta.url));
  if (!existsSync(path)) throw new Error('the real Consul is missing; get it by: node scripts/real-consul.js');
  return path;
}

/** Resolves when the agent leads, has its CA, and answers. */
export async function startRealConsul(options: RealConsulOptions = {}): Promise<RealConsul> {
  const consul = findConsul();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-consul-'));
  const dataDir = options.dataDir ?? join(folder, 'data');
  const configFile = join(folder, 'agent.json');
  const [http = 0, server = 0, serfLan = 0, serfWan = 0] = await findFreePorts(4);
  await writeFile(configFile, JSON.stringify(agentConfig({ http, server, serfLan, serfWan }, dataDir, options)));
  const address = `127.0.0.1:${http}`;
  const token = options.acl?.masterToken;
  const access = { CONSUL_HTTP_ADDR: address, CONSUL_HTTP_TOKEN: token };

  const earlier: string[] = [];
  const proxies: Program[] = [];
  const launch = async (): Promise<Program> => {
    const program = await startProgram(consul, ['agent', '-config-file', configFile]);
    try {
      await program.line(/cluster leadership acquired/);
      await answers(program, `http://${address}/v1/agent/connect/ca/roots`, token);
      await answers(program, `http://${address}/v1/${token === undefined ? 'agent/self' : 'acl/token/self'}`, token);
      return program;
    } catch (error) {
      await program.close();
      throw error;
    }
  };

  let agent: Program;
  try {
    agent = await launch();
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
  const close = async (): Promise<void> => {
    await Promise.all([...proxies, agent].map((program) => program.close()));
    await rm(folder, { recursive: true, force: true });
  };
  return {
    address,
    port: http,
    dataDir,
    output: () => [...earlier, agent.output()].join(''),
    cli: (args, { env, ...rest } = {}) => runProgram(consul, args, { env: { ...access, ...env }, ...rest }),
    startProxy: async (args, env) => {
      const proxy = await startProgram(consul, ['connect', 'proxy', ...args], { env: { ...access, ...env } });
      proxies.push(proxy);
      await proxy.line(/Parsed TLS identity/);
      return proxy;
    },
    kill9: async () => {
      await agent.end('SIGKILL');
    },
    restart: async () => {
      await agent.close();
      earlier.push(agent.output());
      agent = await launch();
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface AgentPorts {
  readonly http: number;
  readonly server: number;
  readonly serfLan: number;
  readonly serfWan: number;
}

function agentConfig(ports: AgentPorts, dataDir: string, options: RealConsulOptions): Record<string, unknown> {
  const { acl, maxConnectionsPerClient, config } = options;
  return {
    server: true,
    bootstrap: true,
    node_name: 'real',
    bind_addr: '127.0.0.1',
    client_addr: '127.0.0.1',
    data_dir: dataDir,
    ports: {
      http: ports.http,
      https: -1,
      grpc: -1,
      dns: -1,
      server: ports.server,
      serf_lan: ports.serfLan,
      serf_wan: ports.serfWan,
    },
    connect: { enabled: true },
    performance: { raft_multiplier: 1 }, // the shortest election
    disable_update_check: true,
    disable_host_node_id: true,
    ...(maxConnectionsPerClient === undefined
      ? {}
      : { limits: { http_max_conns_per_client: maxConnectionsPerClient } }),
    ...(acl === undefined
      ? {}
      : { acl: { enabled: true, default_policy: 'deny', tokens: { master: acl.masterToken } } }),
    ...config,
  };
}

/** A freshly started agent answers 500 or 403 for a moment after it leads, and says in no way when it is done. */
async function answers(program: Program, url: string, token: string | undefined): Promise<void> {
  const deadline = AbortSignal.timeout(30_000);
  const headers: Record<string, string> = token === undefined ? {} : { 'X-Consul-Token': token };
  while (!deadline.aborted) {
    const response = await fetch(url, { headers, signal: deadline }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok) return;
    await sleep(20);
  }
  throw new Error(`${url} does not answer; the agent's output:\n${program.output()}`);
}
