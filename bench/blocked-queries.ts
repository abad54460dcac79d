/**
 * Blocked queries on one agent, from a process of their own: who wakes, how long it takes, what it costs. The real agent is asked the same.
 *
 *   node bench/blocked-queries.ts [-count 10000] [-rounds 5] [-only fairlead]
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startCrowd } from '../src/scenarios/blocked-queries/crowd.ts';
import { type Agent, put, startConsul, startOurAgent } from './lib/agents.ts';
import { median, show, table } from './lib/figures.ts';
import { cpuSeconds, residentKb } from './lib/process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const option = (name: string, otherwise: string): string => {
  const place = process.argv.indexOf(`-${name}`);
  return (place > 0 && process.argv[place + 1]) || otherwise;
};
const wanted = Number(option('count', '10000'));
const rounds = Number(option('rounds', '5'));
const only = option('only', '');

interface Figures {
  readonly wall: number[];
  readonly cpu: number[];
  readonly kb: number[];
  readonly wrong: number[];
}

/** The real one takes 10 000 connections of one address, with its limit raised as far as here; some are needed for the writes. */
const candidates: [string, number, () => Promise<Agent>][] = [
  ['fairlead', wanted, () => startOurAgent([process.execPath, at('bin/fairlead')])],
  ['consul 1.8.7', Math.min(wanted, 9_900), startRealAgent],
];

const rows: string[][] = [];
for (const [name, count, start] of candidates) {
  if (only !== '' && only !== name) continue;
  const agent = await start();
  const figures: Figures = { wall: [], cpu: [], kb: [], wrong: [] };
  try {
    await register(agent, 'watched');
    await register(agent, 'other');
    for (let round = 1; round <= rounds; round += 1) {
      process.stderr.write(`round ${round} of ${rounds}: ${name}\n`);
      await measure(agent, count, round, figures);
    }
  } finally {
    await agent.end();
  }
  const { wall, cpu, kb, wrong } = figures;
  rows.push([
    name,
    String(count),
    show(median(wall)),
    show(median(cpu)),
    show(Math.max(...kb)),
    String(Math.max(...wrong)),
  ]);
}
const head = [
  '',
  'queries',
  'ms from write to last answer',
  'agent CPU ms',
  'agent KB per query',
  'woken by a write elsewhere',
];
process.stdout.write(`\nMedians of ${rounds} rounds of blocked queries on one service.\n\n${table([head, ...rows])}\n`);

async function measure(agent: Agent, count: number, round: number, { wall, cpu, kb, wrong }: Figures): Promise<void> {
  const idle = residentKb([agent.pid]);
  await using crowd = await startCrowd(agent.port, '/v1/health/service/watched', count);
  kb.push((residentKb([agent.pid]) - idle) / count);
  await put(agent, `/v1/agent/check/${round % 2 === 1 ? 'fail' : 'pass'}/service:other`, {});
  wrong.push(await crowd.countAnswers());

  const before = cpuSeconds([agent.pid]);
  const began = performance.timeOrigin + performance.now();
  await put(agent, `/v1/agent/check/${round % 2 === 1 ? 'fail' : 'pass'}/service:watched`, {});
  wall.push((await crowd.allAnswered()).at - began);
  cpu.push((cpuSeconds([agent.pid]) - before) * 1_000);
}

function register(agent: Agent, name: string): Promise<unknown> {
  return put(agent, '/v1/agent/service/register', { Name: name, Check: { TTL: '10h', Status: 'passing' } });
}

function startRealAgent(): Promise<Agent> {
  execFileSync(process.execPath, [at('scripts/real-consul.js')], { stdio: 'inherit' });
  return startConsul(at('.peers/consul/consul'));
}
