/**
 * Traffic recorded on a real agent of 1.10.0, sent again to ours: every answer has the recorded status, headers, JSON keys, types and
 * values. What belongs to one run (IDs, indexes, hashes, times, certificates) has ours in its place; what blocked must block.
 * Each accepted difference is listed here and, with its reason, in docs/compatibility.md.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Agent, startAgent } from '../agent/index.ts';
import { testRuntime } from '../testing/index.ts';
import { type Accepted, unexpected, unexplained } from './replay/accepted.ts';
import { ask } from './replay/http.ts';
import { replay } from './replay/replay.ts';
import { type Exchange, readExchanges } from './replay/transcript.ts';

/** Left out because the parameter, the endpoint or the kind of entry is not built yet. */
const skipped = new Map<number, string>([
  ...each([153, 154, 155, 156, 157, 158, 159, 160, 161, 162], 'prepared queries are not built yet'),
  ...each([163, 164], 'events are not built yet'),
  ...each([165, 166, 167, 168, 169, 170, 171, 173], 'config entries of other kinds are not built yet'),
  ...each([184, 185, 186, 187, 188], 'config entries of other kinds and what follows from them are not built yet'),
]);

const accepted: readonly Accepted[] = [
  { id: 'ca-private-key', exchanges: [206], place: /^Config\.PrivateKey$/ },
  { id: 'authorize-from-memory', exchanges: [99], place: /^header (x-cache|age)$/ },
];

const acceptedOfSelf: readonly Accepted[] = [
  { id: 'agent-self', exchanges: [390], place: /^DebugConfig\./ },
  { id: 'agent-self', exchanges: [390], place: /^Stats\.raft\.(\w+_index|last_log_term|term)$/ },
  { id: 'agent-self', exchanges: [390], place: /^Stats\.runtime\.(arch|cpu_count|goroutines|max_procs|os|version)$/ },
  { id: 'agent-self', exchanges: [390], place: /^Stats\.serf_lan\.event_(queue|time)$/ },
];

/** Where the recorded agent listened, and where ours says it does: several agents ran side by side then. */
const ports: ReadonlyMap<string, string> = new Map([
  ['21303', '8300'],
  ['21304', '8301'],
  ['21305', '8302'],
]);

test('recorded traffic of 1.10.0 without ACLs is answered as recorded', async () => {
  await using agent = await start();
  const { port } = agent.address;
  const put = async (target: string, body = ''): Promise<void> => {
    const answer = await ask(port, 'PUT', target, {}, body);
    assert.equal(answer.status, 200, answer.body);
  };
  const exchanges = readExchanges('v1.10.0', 1, 211);

  const outcomes = await replay(exchanges, {
    port,
    skipped,
    ports,
    before: new Map([
      [41, () => untilCritical(port, 'service:web-1:2')],
      [124, () => put('/v1/agent/check/pass/db-proxy-ttl')],
      [174, () => removeWildcard(port)], // gone by then, by a request that was not recorded
    ]),
    during: new Map([
      [38, () => put('/v1/agent/service/register', fewerUpstreams(exchanges))],
      [123, () => put('/v1/agent/check/fail/db-proxy-ttl')],
    ]),
    askedBefore: new Map([
      [204, 203],
      [205, 203],
    ]),
  });

  assert.deepEqual(unexpected(outcomes, accepted), []);
  assert.equal(outcomes.length + skipped.size, exchanges.length);
});

test('what the agent says of itself is as recorded', async () => {
  await using agent = await start();
  const { port } = agent.address;
  const outcomes = await replay(readExchanges('v1.10.0', 390, 390), { port, skipped: new Map(), ports });
  assert.equal(outcomes.length, 1);
  assert.deepEqual(unexpected(outcomes, acceptedOfSelf), []);
});

test('what is left out is refused with a clear text, and not as if it were not found', async () => {
  await using agent = await start();
  const readable = 186; // is there, without what the other entries would add
  for (const { name, number, request } of readExchanges('v1.10.0', 1, 211)) {
    if (!skipped.has(number) || number === readable) continue;
    const answer = await ask(agent.address.port, request.method, request.target, {}, request.body);
    assert.equal(answer.status, 501, name);
    assert.match(answer.body, /^this agent (has no|keeps no) /, name);
  }
});

test('every accepted difference has its reason in docs/compatibility.md', () => {
  assert.deepEqual(unexplained([...accepted, ...acceptedOfSelf]), []);
});

function start(): Promise<Agent> {
  const http = [{ host: '127.0.0.1', port: 0 }];
  const options = { dev: true, http, nodeName: 'node110', sidecarPorts: { min: 21_200, max: 21_255 } };
  return startAgent(options, testRuntime());
}

/** The registration of exchange 17 with its first upstream alone, as it was sent into the wait of exchange 38. */
function fewerUpstreams(exchanges: readonly Exchange[]): string {
  const recorded = exchanges.find(({ number }) => number === 17)?.request.body ?? '';
  const body = JSON.parse(recorded);
  body.connect.sidecar_service.proxy.upstreams.splice(1);
  return JSON.stringify(body);
}

async function removeWildcard(port: number): Promise<void> {
  const answer = await ask(port, 'DELETE', '/v1/connect/intentions/exact?source=*&destination=*', {}, '');
  assert.equal(answer.status, 200, answer.body);
}

/** Resolves once the check's own run has made it critical, by a blocking query and not by looking again and again. */
async function untilCritical(port: number, checkId: string): Promise<void> {
  for (let index = '0'; ; ) {
    const answer = await ask(port, 'GET', `/v1/health/state/critical?index=${index}`, {}, '');
    index = answer.headers.get('x-consul-index') ?? '0';
    const checks: { CheckID: string; Output: string }[] = JSON.parse(answer.body);
    if (checks.some((check) => check.CheckID === checkId && check.Output !== '')) return;
  }
}

function each(numbers: readonly number[], reason: string): [number, string][] {
  return numbers.map((number) => [number, reason]);
}
