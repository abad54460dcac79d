/**
 * Many agents in one process: how long until all have started, and what each one costs. Every round is a process of its own.
 *
 *   npm run build && node bench/agents.ts [-count 200] [-rounds 5]
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { median, show, table } from './lib/figures.ts';

const program = fileURLToPath(new URL('./lib/many-agents.ts', import.meta.url));
const option = (name: string, otherwise: number): number => {
  const place = process.argv.indexOf(`-${name}`);
  return place > 0 ? Number(process.argv[place + 1]) : otherwise;
};
const count = option('count', 200);
const rounds = option('rounds', 5);

interface Figures {
  readonly ms: number;
  readonly cpuMs: number;
  readonly kb: number;
  readonly closeMs: number;
}

const cases = [
  ['none', 'open'],
  ['port', 'open'],
  ['none', 'acl'],
  ['port', 'acl'],
] as const;
const found = cases.map((): Figures[] => []);
for (let round = 1; round <= rounds; round += 1) {
  process.stderr.write(`round ${round} of ${rounds}\n`);
  for (const [at, given] of cases.entries()) {
    const output = execFileSync(process.execPath, ['--expose-gc', program, String(count), ...given], {
      encoding: 'utf8',
      timeout: 60_000,
    });
    found[at]?.push(JSON.parse(output));
  }
}

const middle = (at: number, figure: keyof Figures): string =>
  show(median((found[at] ?? []).map((figures) => figures[figure])));
const rows = cases.map(([listener, rights], at) => [
  `${listener === 'port' ? 'a port each' : 'no listener'}, ${rights === 'acl' ? 'ACLs' : 'no ACLs'}`,
  middle(at, 'ms'),
  middle(at, 'cpuMs'),
  middle(at, 'kb'),
  middle(at, 'closeMs'),
]);
const head = ['', 'ms until all have started', 'CPU ms per agent', 'KB per agent', 'ms until all are closed'];
process.stdout.write(`\nMedians of ${rounds} rounds, ${count} agents in one process.\n\n${table([head, ...rows])}\n`);
