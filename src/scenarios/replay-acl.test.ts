/**
 * Traffic recorded on a real agent of 1.10.0 with ACLs and default policy deny, sent again to ours. The tokens that it uses were made
 * before; here they are made with the recorded secrets.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Agent, startAgent } from '../agent/index.ts';
import { testRuntime } from '../testing/index.ts';
import { type Accepted, unexpected, unexplained } from './replay/accepted.ts';
import { ask } from './replay/http.ts';
import { replay } from './replay/replay.ts';
import { readExchanges } from './replay/transcript.ts';

const management = 'aaaaaaaa-0000-0000-0000-000000000001';

/** By the recorded secret. */
const rules = {
  '1227a98a-4415-9931-d546-aaa21bd0fe6c':
    'service_prefix "web" { policy = "write" } node_prefix "" { policy = "read" }',
  '1e49fc02-b6be-f069-f67e-33397099d0d5': 'service_prefix "" { policy = "read" } node_prefix "" { policy = "read" }',
  'af332bd3-3fb9-c668-710b-db38abed03ff': 'service "db" { policy = "write" intentions = "write" }',
};

const skipped = new Map([[332, 'prepared queries are not built yet: 501, as replay.test.ts shows']]);

const accepted: readonly Accepted[] = [
  { id: 'filtered-to-nothing', exchanges: [329], place: /^header x-consul-knownleader$/ },
  { id: 'denials-say-why', exchanges: [304, 305, 309, 311, 312, 314, 315, 319, 320, 322, 324, 327], place: /^body$/ },
];

test('recorded traffic of 1.10.0 with ACLs is answered as recorded', async () => {
  await using agent = await startWithAcls();
  const { port } = agent.address;
  for (const [secret, text] of Object.entries(rules)) await makeToken(port, secret, text);
  const exchanges = readExchanges('v1.10.0', 301, 332);

  // The sidecar registered in 303 makes the agent get the leaf by itself, which had ended by then.
  const leafOfWeb = async (): Promise<void> => {
    const answer = await ask(port, 'GET', '/v1/agent/connect/ca/leaf/web', { 'X-Consul-Token': management }, '');
    assert.equal(answer.status, 200, answer.body);
  };
  const before = new Map([[306, leafOfWeb]]);
  const outcomes = await replay(exchanges, { port, skipped, ports: new Map(), before });

  assert.deepEqual(unexpected(outcomes, accepted), []);
  assert.equal(outcomes.length + skipped.size, exchanges.length);
});

test('every accepted difference has its reason in docs/compatibility.md', () => {
  assert.deepEqual(unexplained(accepted), []);
});

test('a watched sidecar that goes with its service ends the wait as recorded', async () => {
  await using agent = await startAgent(
    { dev: true, http: [{ host: '127.0.0.1', port: 0 }], nodeName: 'node110' },
    testRuntime(),
  );
  const { port } = agent.address;
  const service = { Name: 'gone', Port: 80, Connect: { SidecarService: {} } };
  await ask(port, 'PUT', '/v1/agent/service/register', {}, JSON.stringify(service));
  const sidecar = await ask(port, 'GET', '/v1/agent/service/gone-sidecar-proxy', {}, '');
  const hash = sidecar.headers.get('x-consul-contenthash') ?? '';
  const exchanges = readExchanges('v1.10.0', 381, 381).map((exchange) => ({
    ...exchange,
    request: { ...exchange.request, target: exchange.request.target.replace(/hash=\w+/, `hash=${hash}`) },
  }));

  const outcomes = await replay(exchanges, {
    port,
    skipped: new Map(),
    ports: new Map(),
    during: new Map([[381, () => ask(port, 'PUT', '/v1/agent/service/deregister/gone', {}, '').then(() => undefined)]]),
  });

  assert.equal(outcomes.length, 1);
  assert.deepEqual(unexpected(outcomes, []), []);
});

test('a query whose answer the token may not see waits like any other', async () => {
  await using agent = await startWithAcls();
  const { port } = agent.address;
  const proxy = (number: number): string =>
    JSON.stringify({ Kind: 'connect-proxy', Name: 'db-proxy', Port: number, Proxy: { DestinationServiceName: 'db' } });
  const register = (body: string) =>
    ask(port, 'PUT', '/v1/agent/service/register', { 'X-Consul-Token': management }, body);
  await register(proxy(1));
  const before = await ask(port, 'GET', '/v1/health/connect/db', {}, '');
  const index = before.headers.get('x-consul-index');
  const waiting = ask(port, 'GET', `/v1/health/connect/db?index=${index}&wait=60s`, {}, '');
  await register(proxy(2));
  const after = await waiting;
  assert.equal(after.body, '[]');
  assert.ok(Number(after.headers.get('x-consul-index')) > Number(index), 'answered by the change, not before it');
});

function startWithAcls(): Promise<Agent> {
  return startAgent(
    {
      dev: true,
      http: [{ host: '127.0.0.1', port: 0 }],
      nodeName: 'node110',
      sidecarPorts: { min: 21_290, max: 21_295 },
      acl: { enabled: true, defaultPolicy: 'deny', tokens: { initialManagement: management } },
    },
    testRuntime(),
  );
}

async function makeToken(port: number, secret: string, text: string): Promise<void> {
  const headers = { 'X-Consul-Token': management };
  const Name = `rules-of-${secret.slice(0, 8)}`;
  const policy = await ask(port, 'PUT', '/v1/acl/policy', headers, JSON.stringify({ Name, Rules: text }));
  assert.equal(policy.status, 200, policy.body);
  const body = JSON.stringify({ SecretID: secret, Policies: [{ Name }] });
  const token = await ask(port, 'PUT', '/v1/acl/token', headers, body);
  assert.equal(token.status, 200, token.body);
}
