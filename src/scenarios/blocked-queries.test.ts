/** Ten thousand blocked queries, from a process of their own, on an agent that is a process of its own and keeps its state on disk. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { startOurAgent } from '../testing/index.ts';
import { startCrowd } from './blocked-queries/crowd.ts';

const count = 10_000;

test('a write elsewhere wakes none of ten thousand blocked queries, a write to what they watch each of them once', async (t) => {
  await using agent = await startOurAgent(['-log-level', 'error']);
  const put = async (path: string, body = ''): Promise<void> => {
    const answer = await fetch(`http://${agent.address}${path}`, { method: 'PUT', body });
    assert.equal(answer.status, 200, await answer.text());
  };
  await put('/v1/agent/service/register', JSON.stringify({ Name: 'watched', Check: { TTL: '1h', Status: 'passing' } }));
  await put('/v1/agent/service/register', JSON.stringify({ Name: 'other', Check: { TTL: '1h', Status: 'passing' } }));
  const idle = residentKb(agent.pid);
  await using crowd = await startCrowd(agent.port, '/v1/health/service/watched', count);
  const full = residentKb(agent.pid);

  await put('/v1/agent/check/fail/service:other');
  await put('/v1/agent/service/register', JSON.stringify({ Name: 'third' }));
  assert.equal(await crowd.countAnswers(), 0);

  const cpu = cpuSeconds(agent.pid);
  const began = performance.timeOrigin + performance.now();
  await put('/v1/agent/check/fail/service:watched');
  const { indexes, at } = await crowd.allAnswered();
  assert.equal(indexes.length, 1, 'all have the same index');
  assert.equal(await crowd.countAnswers(), count);

  const used = cpuSeconds(agent.pid) - cpu;
  t.diagnostic(
    `${count} answers ${Math.round(at - began)} ms after the write, with ${used.toFixed(2)} s of the agent's CPU`,
  );
  t.diagnostic(`${((full - idle) / count).toFixed(1)} KB of the agent's memory for each blocked query`);
});

/** Processor time of a process so far; 0 where the system does not tell in this way. */
function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return 0;
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentKb(pid: number): number {
  if (!existsSync(`/proc/${pid}/status`)) return 0;
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
}
