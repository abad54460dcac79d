/**
 * `kill -9` of the agent amid writes of every kind, over and over: whatever was acknowledged must be there. The tests do fifty rounds of this.
 *
 *   node bench/kill-agent.ts [-rounds 1000]
 */

import { surviveKills } from '../src/scenarios/survival/rounds.ts';

const place = process.argv.indexOf('-rounds');
const rounds = place > 0 ? Number(process.argv[place + 1]) : 1_000;
const began = performance.now();
const { acknowledged, indexes, rootsKept, processesCompared } = await surviveKills(rounds, Math.random);
const seconds = Math.round((performance.now() - began) / 1_000);
process.stdout.write(
  `${rounds} kills in ${seconds} s: none of ${acknowledged} acknowledged writes lost, among them ${rootsKept - 1} rotations of the root; ` +
    `${indexes} pairs of URL and index with one content each; ${processesCompared} times each declared proxy ran once and no other did\n`,
);
