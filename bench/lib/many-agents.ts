/**
 * A process of its own: starts agents, asks each one, closes them, and prints what it took as JSON.
 *
 *   node --expose-gc many-agents.ts COUNT port|none acl|open
 */

import { startAgent } from 'fairlead/agent';

const [, , count = '200', listener = 'none', rights = 'open'] = process.argv;
const http = listener === 'port' ? [{ host: '127.0.0.1', port: 0 }] : [];
const token = '2f3c2f7e-54a4-4a4f-9d3c-0f6b4a1f7a11';
const acl = { enabled: rights === 'acl', defaultPolicy: 'deny', tokens: { initialManagement: token } } as const;
const start = (name: string) => startAgent({ dev: true, http, nodeName: name, acl });

// Compiles and loads what every program with an agent pays once.
await (await start('first')).close();

globalThis.gc?.();
const [began, cpu, memory] = [performance.now(), process.cpuUsage(), process.memoryUsage().rss];
const agents = await Promise.all(Array.from({ length: Number(count) }, (_, at) => start(`node-${at}`)));
const ms = performance.now() - began;
const { user, system } = process.cpuUsage(cpu);
globalThis.gc?.();
const kb = (process.memoryUsage().rss - memory) / 1_024;

for (const agent of agents) {
  const { ok } = await agent.fetch('/v1/agent/connect/ca/leaf/web', { headers: { 'X-Consul-Token': token } });
  if (!ok) throw new Error(`${agent.nodeName} gives no leaf`);
}
const closing = performance.now();
await Promise.all(agents.map((agent) => agent.close()));
process.stdout.write(
  JSON.stringify({
    ms,
    cpuMs: (user + system) / 1_000 / agents.length,
    kb: kb / agents.length,
    closeMs: performance.now() - closing,
  }),
);
