/**
 * Our pair of proxies beside the real built-in pair, Envoy and HAProxy, in turn, several rounds interleaved. What is compared is the
 * processor time of the two proxy processes per unit of work, round by round; rates and times are printed beside it.
 *
 *   node bench/proxies.ts [-rounds 3] [-only fairlead,consul] [-scale 1]
 */

import { type ChildProcess, execFileSync, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startConsul } from './lib/agents.ts';
import { type Candidate, type Command, consulBuiltIn, envoy, fairlead, haproxy, type Pair } from './lib/candidates.ts';
import { median, ratio, show, table } from './lib/figures.ts';
import type { Order, Report } from './lib/load.ts';
import { cpuSeconds, freePorts, residentKb, untilServing } from './lib/process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const option = (name: string, otherwise: string): string => {
  const place = process.argv.indexOf(`-${name}`);
  return (place > 0 && process.argv[place + 1]) || otherwise;
};

const rounds = Number(option('rounds', '3'));
const scale = Number(option('scale', '1'));
const only = option('only', '').split(',').filter(Boolean);

/** Each gives one figure of a round; lower is better for all. */
interface Measure {
  readonly title: string;
  run(pair: Pair, load: Load): Promise<number>;
}

type Load = (order: Order) => Promise<Report>;

const measures: readonly Measure[] = [
  { title: 'ready after, ms', run: async (pair) => pair.readyAfter },
  { title: 'start memory, MB', run: async (pair) => residentKb(pair.pids) / 1_024 },
  {
    title: 'idle connection, KB of a fresh pair',
    run: async (pair, load) => {
      const count = Math.round(1_000 * scale);
      const before = residentKb(pair.pids);
      await load({ kind: 'idle', port: pair.port, count });
      const after = residentKb(pair.pids);
      await load({ kind: 'release' });
      return (after - before) / count;
    },
  },
  {
    title: 'set-up p50 unloaded, ms',
    run: async (pair, load) => {
      await load({ kind: 'connections', port: pair.port, count: 100, atOnce: 1 });
      return (
        (await load({ kind: 'connections', port: pair.port, count: Math.round(300 * scale), atOnce: 1 })).p50 ??
        Number.NaN
      );
    },
  },
  perUnit('new connection, CPU ms', 1_000, (count) => ({ kind: 'connections', count, atOnce: 16 }), 2_000),
  perUnit(
    '1000 requests (32 connections), CPU ms',
    1e6,
    (requests) => ({ kind: 'requests', connections: 32, requests }),
    40_000,
  ),
  perUnit(
    '1000 requests (256 connections), CPU ms',
    1e6,
    (requests) => ({ kind: 'requests', connections: 256, requests }),
    40_000,
  ),
  {
    title: 'bulk, CPU s per GB',
    run: async (pair, load) => {
      const bytes = Math.round(512 * 2 ** 20 * scale);
      const before = cpuSeconds(pair.pids);
      await load({ kind: 'bulk', port: pair.port, bytes });
      return ((cpuSeconds(pair.pids) - before) * 2 ** 30) / bytes;
    },
  },
];

function perUnit(title: string, factor: number, order: (count: number) => object, count: number): Measure {
  return {
    title,
    run: async (pair, load) => {
      const units = Math.round(count * scale);
      const before = cpuSeconds(pair.pids);
      const report = await load({ ...order(units), port: pair.port } as Order);
      if (report.failed > 0) throw new Error(`${title}: ${report.failed} failed`);
      return ((cpuSeconds(pair.pids) - before) * factor) / units;
    },
  };
}

await main();

async function main(): Promise<void> {
  execFileSync(process.execPath, [at('scripts/bench-peers.js')], { stdio: 'inherit' });
  const consul = at('.peers/consul/consul');
  const candidates = known(consul).filter(
    ({ name }) => only.length === 0 || only.some((wanted) => name.startsWith(wanted)),
  );
  const agent = await startConsul(consul);
  const [applicationPort = 0] = await freePorts(1);
  const application = fork(at('bench/lib/server.ts'), [String(applicationPort)]);
  await untilServing(applicationPort, { answers: true });
  const figures = new Map(candidates.map(({ name }) => [name, measures.map((): number[] => [])]));
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const candidate of candidates) {
        process.stderr.write(`round ${round} of ${rounds}: ${candidate.name}\n`);
        const values = await measure(candidate, applicationPort, agent);
        for (const [place, value] of values.entries()) figures.get(candidate.name)?.[place]?.push(value);
      }
    }
  } finally {
    application.kill();
    await agent.end();
  }
  report(candidates, figures);
}

function known(consul: string): Candidate[] {
  const ours: Command = [process.execPath, at('bin/fairlead')];
  const list = [fairlead(ours), consulBuiltIn(consul)];
  if (existsSync(at('.peers/envoy/envoy')))
    list.push(envoy(at('.peers/envoy/envoy'), '1.2'), envoy(at('.peers/envoy/envoy'), '1.3'));
  if (existsSync(at('.peers/haproxy/haproxy'))) list.push(haproxy(at('.peers/haproxy/haproxy')));
  return list;
}

async function measure(
  candidate: Candidate,
  applicationPort: number,
  agent: Awaited<ReturnType<typeof startConsul>>,
): Promise<number[]> {
  const pair = await candidate.startPair(applicationPort, agent);
  const client = fork(at('bench/lib/load.ts'));
  try {
    const values: number[] = [];
    for (const one of measures)
      values.push(
        await one.run(pair, (order) => carryOut(client, order)).catch((error) => failed(candidate, one, error)),
      );
    return values;
  } finally {
    client.kill();
    await pair.end();
  }
}

function failed(candidate: Candidate, { title }: Measure, error: unknown): number {
  process.stderr.write(`${candidate.name}: ${title}: ${String(error)}\n`);
  return Number.NaN;
}

/** A hang looks like "no errors", so every order has a limit. */
async function carryOut(client: ChildProcess, order: Order): Promise<Report> {
  client.send(order);
  const [answer] = (await once(client, 'message', { signal: AbortSignal.timeout(120_000) })) as [
    { report?: Report; error?: string },
  ];
  if (answer.report === undefined) throw new Error(answer.error);
  return answer.report;
}

function report(candidates: readonly Candidate[], figures: ReadonlyMap<string, readonly (readonly number[])[]>): void {
  const of = (name: string, place: number): readonly number[] => figures.get(name)?.[place] ?? [];
  const us = candidates[0]?.name ?? '';
  const rows = measures.map(({ title }, place) => [
    title,
    ...candidates.map(({ name }) => show(median(of(name, place)))),
  ]);
  process.stdout.write(`\nMedians of ${rounds} rounds, both processes of a pair together; lower is better.\n\n`);
  process.stdout.write(`${table([['', ...candidates.map(({ name }) => name)], ...rows])}\n`);
  const others = candidates.slice(1);
  const ratios = measures.map(({ title }, place) => [
    title,
    ...others.map(({ name }) => show(ratio(of(name, place), of(us, place)))),
  ]);
  process.stdout.write(
    `\nHow many times less ${us} takes, median over the rounds; above 1 is better for us, differences under 15 % mean nothing.\n\n`,
  );
  process.stdout.write(`${table([['', ...others.map(({ name }) => `than ${name}`)], ...ratios])}\n\n`);
  for (const { name, note } of candidates) process.stdout.write(`${name}: ${note}\n`);
  process.stdout.write('The real agent runs with limits.http_max_conns_per_client raised to 10000.\n');
}
