/**
 * From a write to the answer of the blocking query that waits for it: one writer, one waiting client, our agent beside the real one in the
 * same rounds. For many waiters see blocked-queries.ts.
 *
 *   node bench/wake-up.ts [-rounds 5] [-writes 500]
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Agent, put, startConsul, startOurAgent } from './lib/agents.ts';
import { type Answer, Caller } from './lib/caller.ts';
import { median, percentile, ratio, show, table } from './lib/figures.ts';
import { numberOption } from './lib/options.ts';
import { cpuSeconds } from './lib/process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rounds = numberOption('rounds', 5);
const writes = numberOption('writes', 500);

interface Subject {
  readonly title: string;
  /** What waits. */
  readonly path: string;
  prepare(agent: Agent): Promise<() => (caller: Caller) => Promise<unknown>>;
}

const subjects: readonly Subject[] = [
  {
    title: 'health of a service',
    path: '/v1/health/service/watched',
    prepare: async (agent) => {
      await put(agent, '/v1/agent/service/register', { Name: 'watched', Check: { TTL: '10h', Status: 'passing' } });
      return flipper((caller, flip) => caller.call('PUT', `/v1/agent/check/${flip ? 'fail' : 'pass'}/service:watched`));
    },
  },
  {
    title: 'list of intentions',
    path: '/v1/connect/intentions',
    prepare: async (agent) => {
      const intention = { SourceName: 'web', DestinationName: 'db' };
      const answer = await fetch(`${agent.address}/v1/connect/intentions`, {
        method: 'POST',
        body: JSON.stringify({ ...intention, Action: 'allow' }),
      });
      const { ID } = (await answer.json()) as { ID: string };
      return flipper((caller, flip) => {
        const body = JSON.stringify({ ...intention, Action: flip ? 'deny' : 'allow' });
        return caller.call('PUT', `/v1/connect/intentions/${ID}`, body);
      });
    },
  },
];

/** Each write makes what the one before has unmade. */
function flipper(write: (caller: Caller, flip: boolean) => Promise<unknown>) {
  let flip = false;
  return () => {
    flip = !flip;
    const wanted = flip;
    return (caller: Caller) => write(caller, wanted);
  };
}

interface Figures {
  readonly p50: number[];
  readonly p99: number[];
  readonly cpu: number[];
}

execFileSync(process.execPath, [at('scripts/real-consul.js')], { stdio: 'inherit' });
const agents: readonly (readonly [string, Agent])[] = [
  ['fairlead', await startOurAgent([process.execPath, at('bin/fairlead')])],
  ['consul 1.8.7', await startConsul(at('.peers/consul/consul'))],
];
const results = new Map<string, Figures>();
try {
  for (const subject of subjects) {
    const writers = await Promise.all(agents.map(([, agent]) => subject.prepare(agent)));
    // The first round is not counted: both programs grow faster while they are new.
    for (let round = 0; round <= rounds; round += 1) {
      for (const [place, [name, agent]] of agents.entries()) {
        process.stderr.write(`${subject.title}, round ${round} of ${rounds}: ${name}\n`);
        const next = writers[place];
        if (next === undefined) continue;
        const before = cpuSeconds([agent.pid]);
        const times = await wakeUps(agent, subject.path, next);
        if (round > 0) note(`${name}, ${subject.title}`, times, ((cpuSeconds([agent.pid]) - before) * 1e6) / writes);
      }
    }
  }
} finally {
  for (const [, agent] of agents) await agent.end();
}
report();

/** Milliseconds from the moment in which a write is sent until what it changed has arrived. */
async function wakeUps(
  agent: Agent,
  path: string,
  next: () => (caller: Caller) => Promise<unknown>,
): Promise<readonly number[]> {
  using waiting = new Caller(agent.port, 1);
  using writing = new Caller(agent.port, 1);
  const blocked = `${path}?wait=60s&index=`;
  const times: number[] = [];
  let seen = await waiting.call('GET', path);
  for (let n = 0; n < writes; n += 1) {
    const answered = changeOf(waiting, blocked, seen);
    await writing.call('GET', '/v1/status/leader'); // by then the query is with the agent and waits
    const write = next();
    const sent = performance.now();
    const [answer] = await Promise.all([answered.then((found) => ({ found, at: performance.now() })), write(writing)]);
    times.push(answer.at - sent);
    seen = answer.found;
  }
  return times;
}

/** An agent may wake a query for a change that it does not show. */
async function changeOf(caller: Caller, blocked: string, seen: Answer): Promise<Answer> {
  for (let last = seen; ; ) {
    last = await caller.call('GET', `${blocked}${last.index}`);
    if (last.text !== seen.text) return last;
  }
}

function note(key: string, times: readonly number[], cpu: number): void {
  const figures = results.get(key) ?? { p50: [], p99: [], cpu: [] };
  results.set(key, figures);
  figures.p50.push(percentile(times, 0.5));
  figures.p99.push(percentile(times, 0.99));
  figures.cpu.push(cpu);
}

function report(): void {
  const head = ['', 'p50, ms', 'p99, ms', 'agent CPU µs per write and answer'];
  const rows = [...results].map(([key, { p50, p99, cpu }]) => [
    key,
    ...[p50, p99, cpu].map((values) => show(median(values))),
  ]);
  process.stdout.write(
    `\nMedians of ${rounds} rounds of ${writes} writes, one after the other.\n\n${table([head, ...rows])}\n\n`,
  );
  for (const { title } of subjects) {
    const [ours, theirs] = agents.map(([name]) => results.get(`${name}, ${title}`));
    if (ours === undefined || theirs === undefined) continue;
    process.stdout.write(
      `${title}: ${show(ratio(theirs.p50, ours.p50))} times less at p50, ${show(ratio(theirs.p99, ours.p99))} at p99, ` +
        `${show(ratio(theirs.cpu, ours.cpu))} times less CPU\n`,
    );
  }
}
