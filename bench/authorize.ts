/**
 * Authorize over HTTP, 16 calls in flight, our agent beside the real one in the same rounds: without intentions, with 1000 for the
 * service in question, and with 99 000 more for others.
 *
 *   node bench/authorize.ts [-rounds 3] [-calls 20000] [-fill 120]
 *
 * `-fill` bounds the seconds that go into an agent's intentions: the real one takes them one by one. The output says how many it got.
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Agent, get, put, startConsul, startOurAgent } from './lib/agents.ts';
import { Caller, inParallel } from './lib/caller.ts';
import { median, percentile, ratio, show, table } from './lib/figures.ts';
import { numberOption } from './lib/options.ts';
import { cpuSeconds } from './lib/process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rounds = numberOption('rounds', 3);
const calls = numberOption('calls', 20_000);
const fillSeconds = numberOption('fill', 120);
const perDestination = 1_000;

interface Candidate {
  readonly name: string;
  readonly agent: Agent;
  /** Adds `perDestination` intentions for each of these destinations. Resolves with how many there was time for. */
  readonly fill: (destinations: readonly string[]) => Promise<number>;
  intentions: number;
}

interface Figures {
  readonly rate: number[];
  readonly cpu: number[];
  readonly p50: number[];
  readonly p99: number[];
}

interface Stage {
  readonly title: string;
  readonly destinations: readonly string[];
}

const stages: readonly Stage[] = [
  { title: 'none', destinations: [] },
  { title: '1000', destinations: ['db'] },
  { title: '100 000', destinations: Array.from({ length: 99 }, (_, n) => `service-${n}`) },
];

execFileSync(process.execPath, [at('scripts/real-consul.js')], { stdio: 'inherit' });
const [ours, theirs] = [await startOurs(), await startTheirs()];
const results = new Map<string, Figures>();
try {
  for (const stage of stages) {
    for (const candidate of [ours, theirs]) candidate.intentions += await candidate.fill(stage.destinations);
    for (const { agent } of [ours, theirs]) await authorize(agent); // not counted: both programs grow faster while they are new
    for (let round = 1; round <= rounds; round += 1) for (const one of [ours, theirs]) await measure(one, stage, round);
  }
} finally {
  for (const { agent } of [ours, theirs]) await agent.end();
}
report();

async function startOurs(): Promise<Candidate> {
  const agent = await startOurAgent([process.execPath, at('bin/fairlead')]);
  const fill = async (destinations: readonly string[]): Promise<number> => {
    for (const Name of destinations) {
      const Sources = Array.from({ length: perDestination }, (_, n) => ({ Name: `client-${n}`, Action: 'allow' }));
      await put(agent, '/v1/config', { Kind: 'service-intentions', Name, Sources });
    }
    return destinations.length * perDestination;
  };
  return { name: 'fairlead', agent, fill, intentions: 0 };
}

async function startTheirs(): Promise<Candidate> {
  const agent = await startConsul(at('.peers/consul/consul'));
  const fill = async (destinations: readonly string[]): Promise<number> => {
    using caller = new Caller(agent.port, 64);
    const create = (n: number): Promise<unknown> => {
      const [SourceName, DestinationName] = [
        `client-${n % perDestination}`,
        destinations[Math.floor(n / perDestination)],
      ];
      const body = { SourceName, DestinationName, Action: 'allow' };
      return caller.call('POST', '/v1/connect/intentions', JSON.stringify(body));
    };
    const until = performance.now() + fillSeconds * 1_000;
    return await inParallel(destinations.length * perDestination, 64, create, until);
  };
  return { name: 'consul 1.8.7', agent, fill, intentions: 0 };
}

async function measure({ name, agent, intentions }: Candidate, { title }: Stage, round: number): Promise<void> {
  process.stderr.write(`${title} intentions, round ${round} of ${rounds}: ${name} with ${intentions}\n`);
  const key = keyOf(name, title);
  const figures = results.get(key) ?? { rate: [], cpu: [], p50: [], p99: [] };
  results.set(key, figures);
  const before = cpuSeconds([agent.pid]);
  const { seconds, times } = await authorize(agent);
  figures.cpu.push(((cpuSeconds([agent.pid]) - before) * 1e6) / calls);
  figures.rate.push(calls / seconds);
  figures.p50.push(percentile(times, 0.5));
  figures.p99.push(percentile(times, 0.99));
}

async function authorize(agent: Agent): Promise<{ readonly seconds: number; readonly times: readonly number[] }> {
  const { TrustDomain } = await get<{ TrustDomain: string }>(agent, '/v1/agent/connect/ca/roots');
  using caller = new Caller(agent.port, 16);
  const times: number[] = [];
  const began = performance.now();
  await inParallel(calls, 16, async (n) => {
    const ClientCertURI = `spiffe://${TrustDomain}/ns/default/dc/dc1/svc/client-${n % perDestination}`;
    const body = JSON.stringify({ Target: 'db', ClientCertURI, ClientCertSerial: '01' });
    const sent = performance.now();
    await caller.call('POST', '/v1/agent/connect/authorize', body);
    times.push(performance.now() - sent);
  });
  return { seconds: (performance.now() - began) / 1_000, times };
}

function keyOf(name: string, title: string): string {
  return `${name}, ${title}`;
}

function report(): void {
  const head = ['intentions', 'calls per second', 'p50, ms', 'p99, ms', 'agent CPU µs per call'];
  const rows = [...results].map(([key, figures]) => [
    key,
    ...[figures.rate, figures.p50, figures.p99, figures.cpu].map((values) => show(median(values))),
  ]);
  process.stdout.write(
    `\nMedians of ${rounds} rounds of ${calls} calls, 16 in flight, after one round that is not counted.\n\n${table([head, ...rows])}\n\n`,
  );
  const of = (name: string, title: string): Figures => results.get(keyOf(name, title)) as Figures;
  for (const { title } of stages) {
    const [a, b] = [of(ours.name, title), of(theirs.name, title)];
    process.stdout.write(
      `${title}: ${show(ratio(a.rate, b.rate))} times the calls per second, ` +
        `${show(ratio(b.p99, a.p99))} times less at p99, ${show(ratio(b.cpu, a.cpu))} times less CPU\n`,
    );
  }
  for (const { name, intentions } of [ours, theirs]) {
    const [few, many] = [of(name, '1000'), of(name, '100 000')];
    process.stdout.write(
      `${name}: with ${intentions} intentions a call takes ${show(median(many.cpu) / median(few.cpu))} times the CPU that it takes with 1000, ` +
        `p50 ${show(median(many.p50) / median(few.p50))} times\n`,
    );
  }
}
