/**
 * From the start of the agent's process, on an empty data directory, to the first leaf that it gives out: HTTP answers before that.
 *
 *   node bench/start.ts [-rounds 10]
 */

import { fileURLToPath } from 'node:url';
import { type Agent, startConsul, startOurAgent } from './lib/agents.ts';
import { percentile, ratio, show, table } from './lib/figures.ts';
import { numberOption } from './lib/options.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const rounds = numberOption('rounds', 10);

async function secondsOf(start: () => Promise<Agent>): Promise<number> {
  const began = performance.now();
  const agent = await start();
  const seconds = (performance.now() - began) / 1_000;
  await agent.end();
  return seconds;
}

const ours: number[] = [];
const theirs: number[] = [];
for (let round = 0; round < rounds; round += 1) {
  ours.push(await secondsOf(() => startOurAgent([process.execPath, at('bin/fairlead')])));
  theirs.push(await secondsOf(() => startConsul(at('.peers/consul/consul'))));
}

const row = (name: string, seconds: readonly number[]): string[] => [
  name,
  show(percentile(seconds, 0.5)),
  show(Math.max(...seconds)),
];
process.stdout.write(
  `${table([['', 'median, s', 'slowest, s'], row('fairlead', ours), row('consul 1.8.7', theirs)])}\n` +
    `${show(ratio(theirs, ours))} times as soon as the real one\n`,
);
