/**
 * A program: many agents at once, each with data of its own; asks each what it has, closes them all, and ends when nothing is left open.
 * The last line says which agents knew of anything that is not theirs, and what was still open.
 *
 *   node round.ts COUNT listening|silent
 */

import { setImmediate as turn } from 'node:timers/promises';
import { startAgent } from '../../agent/index.ts';
import { testRuntime } from '../../testing/index.ts';

interface Self {
  readonly Config: { readonly NodeName: string };
}

const [, , count = '20', mode = 'listening'] = process.argv;
const http = mode === 'listening' ? [{ host: '127.0.0.1', port: 0 }] : [];

const before = process.getActiveResourcesInfo().length;
const agents = await Promise.all(
  Array.from({ length: Number(count) }, (_, at) =>
    startAgent({ dev: true, http, nodeName: `node-${at}` }, testRuntime()),
  ),
);
await Promise.all(
  agents.map(async (agent, at) => {
    const body = JSON.stringify({ Name: `service-${at}`, Check: { TTL: '1h' } });
    await agent.fetch('/v1/agent/service/register', { method: 'PUT', body });
    await agent.deny(`source-${at}`, '*');
  }),
);
const strangers: string[] = [];
for (const [at, agent] of agents.entries()) {
  const read = async <T>(path: string) => (await (await agent.fetch(path)).json()) as T;
  const { Config } = await read<Self>('/v1/agent/self');
  const [service] = Object.values(await read<Record<string, { Service: string }>>('/v1/agent/services'));
  const intentions = await read<{ SourceName: string }[]>('/v1/connect/intentions');
  const seen = [Config.NodeName, service?.Service, intentions.map(({ SourceName }) => SourceName).join()];
  if (seen.join(' ') !== `node-${at} service-${at} source-${at}`) strangers.push(seen.join(' '));
  if (mode === 'listening') {
    const answer = await fetch(`http://127.0.0.1:${agent.address.port}/v1/agent/self`, {
      headers: { connection: 'close' },
    });
    if (((await answer.json()) as Self).Config.NodeName !== `node-${at}`)
      strangers.push(`behind the port of node-${at}`);
  }
}
const trustDomains = new Set(agents.map(({ trustDomain }) => trustDomain)).size;
await Promise.all(agents.map((agent) => agent.close()));
await turn();
await turn();
const left = process.getActiveResourcesInfo().length - before;
process.stdout.write(`${JSON.stringify({ strangers, trustDomains, left })}\n`);
