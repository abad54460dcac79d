/**
 * What one local decision costs, with 1000 intentions and with 100 000, in the same run: the table that proxies, SDK and agent share.
 *
 *   node bench/decisions.ts [-rounds 200]
 */

import { compileRules, decide, type Rule } from '../src/intentions/index.ts';
import { median, show, table } from './lib/figures.ts';

const place = process.argv.indexOf('-rounds');
const rounds = place > 0 ? Number(process.argv[place + 1]) : 200;
/** Decisions timed together: one alone is shorter than the clock can tell. */
const together = 100;

const [few, many] = [measure(1_000), measure(100_000)];
const rows = [few, many].map(({ count, p50, p99 }) => [String(count), show(p50), show(p99)]);
process.stdout.write(`${table([['intentions', 'p50, ns', 'p99, ns'], ...rows])}\n\n`);
process.stdout.write(
  `100 000 intentions: ${show(many.p50 / few.p50)} times the median cost of 1000. Each sample is the mean of ${together} decisions.\n`,
);

function measure(count: number): { count: number; p50: number; p99: number } {
  const rules = compileRules(Array.from({ length: count }, (_, at) => ruleFor(at)));
  const samples: number[] = [];
  for (let round = -rounds; round < rounds; round += 1) {
    for (let from = 0; from < 1_000; from += together) {
      const began = process.hrtime.bigint();
      for (let at = from; at < from + together; at += 1)
        decide(rules, { service: `service-${at}`, namespace: 'default' });
      if (round >= 0) samples.push(Number(process.hrtime.bigint() - began) / together); // the first half warms up
    }
  }
  samples.sort((a, b) => a - b);
  return { count, p50: median(samples), p99: samples[Math.floor(samples.length * 0.99)] ?? Number.NaN };
}

function ruleFor(at: number): Rule {
  return {
    source: `service-${at}`,
    sourceNamespace: 'default',
    action: at % 2 === 0 ? 'allow' : 'deny',
    destination: 'db',
    precedence: 9,
  };
}
