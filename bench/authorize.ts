/**
 * Authorize over HTTP, 16 calls in flight, our agent beside the real one in the same rounds, without intentions and with 1000 of them.
 *
 *   node bench/authorize.ts [-rounds 3] [-calls 20000] [-intentions 1000]
 */

import { execFileSync } from 'node:child_process';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { type Agent, get, put, startConsul, startOurAgent } from './lib/agents.ts';
import { median, ratio, show, table } from './lib/figures.ts';
import { cpuSeconds } from './lib/process.ts';

const at = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
const option = (name: string, otherwise: number): number => {
  const place = process.argv.indexOf(`-${name}`);
  return place > 0 ? Number(process.argv[place + 1]) : otherwise;
};
const rounds = option('rounds', 3);
const calls = option('calls', 20_000);
const intentions = option('intentions', 1_000);

interface Figures {
  readonly rate: number[];
  readonly cpu: number[];
}

execFileSync(process.execPath, [at('scripts/real-consul.js')], { stdio: 'inherit' });
const agents: [string, Agent][] = [
  ['fairlead', await startOurAgent([process.execPath, at('bin/fairlead')])],
  ['consul 1.8.7', await startConsul(at('.peers/consul/consul'))],
];
const results = new Map<string, Figures>();
try {
  for (const stage of ['no intentions', `${intentions} intentions`]) {
    if (stage !== 'no intentions') for (const [, agent] of agents) await fill(agent);
    for (const [, agent] of agents) await authorize(agent); // not counted: both programs grow faster while they are new
    for (let round = 1; round <= rounds; round += 1) {
      for (const [name, agent] of agents) {
        process.stderr.write(`${stage}, round ${round} of ${rounds}: ${name}\n`);
        const key = `${name}, ${stage}`;
        const figures = results.get(key) ?? { rate: [], cpu: [] };
        results.set(key, figures);
        const before = cpuSeconds([agent.pid]);
        const seconds = await authorize(agent);
        figures.rate.push(calls / seconds);
        figures.cpu.push(((cpuSeconds([agent.pid]) - before) * 1e6) / calls);
      }
    }
  }
} finally {
  for (const [, agent] of agents) await agent.end();
}

const rows = [...results].map(([name, { rate, cpu }]) => [name, show(median(rate)), show(median(cpu))]);
process.stdout.write(
  `\nMedians of ${rounds} rounds of ${calls} calls, 16 in flight, after one round that is not counted.\n\n${table([['', 'calls per second', 'agent CPU µs per call'], ...rows])}\n\n`,
);
for (const stage of ['no intentions', `${intentions} intentions`]) {
  const [ours, theirs] = [results.get(`fairlead, ${stage}`), results.get(`consul 1.8.7, ${stage}`)];
  if (ours && theirs)
    process.stdout.write(
      `${stage}: ${show(ratio(ours.rate, theirs.rate))} times the calls per second, ${show(ratio(theirs.cpu, ours.cpu))} times less CPU\n`,
    );
}

async function fill(agent: Agent): Promise<void> {
  for (let n = 0; n < intentions; n += 1) {
    await put(
      agent,
      '/v1/connect/intentions',
      { SourceName: `client-${n}`, DestinationName: 'db', Action: 'allow' },
      'POST',
    );
  }
}

async function authorize(agent: Agent): Promise<number> {
  const { TrustDomain } = await get<{ TrustDomain: string }>(agent, '/v1/agent/connect/ca/roots');
  const body = JSON.stringify({
    Target: 'db',
    ClientCertURI: `spiffe://${TrustDomain}/ns/default/dc/dc1/svc/client-7`,
    ClientCertSerial: '01',
  });
  const pool = new http.Agent({ keepAlive: true, maxSockets: 16 });
  const began = performance.now();
  let left = calls;
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      while (left-- > 0) await call(agent.port, pool, body);
    }),
  );
  pool.destroy();
  return (performance.now() - began) / 1_000;
}

function call(port: number, pool: http.Agent, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Length': Buffer.byteLength(body) };
    const request = http.request(
      { host: '127.0.0.1', port, method: 'POST', path: '/v1/agent/connect/authorize', agent: pool, headers },
      (response) => {
        response.resume();
        response.once('end', () =>
          response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
        );
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}
