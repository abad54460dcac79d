/**
 * Default deny, and for each sidecar a token that is good for its own service only: ours and the real built-in proxies of 1.8.7 carry
 * requests, on our agent and on the real one. A token for another service gets neither leaf nor decision.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Closers } from '../../base/index.ts';
import { startOurAgent, startRealConsul } from '../../testing/index.ts';
import { eventually, type RootsAnswer, type Side, startPair } from './pair.ts';

const management = 'aaaaaaaa-0000-0000-0000-000000000001';

type Service = 'web' | 'api';
const theOther: Readonly<Record<Service, Service>> = { web: 'api', api: 'web' };

type AgentName = 'our agent' | 'the real agent';

interface Guarded {
  readonly address: string;
  readonly tokens: { readonly web: string; readonly api: string };
}

const agents = new Map<AgentName, Guarded>();
const opened = new Closers();

before(async () => {
  const [ours, real] = await Promise.all([startGuarded(), startRealConsul({ acl: { masterToken: management } })]);
  opened.add(real);
  for (const [name, address] of [
    ['our agent', ours],
    ['the real agent', real.address],
  ] as const) {
    const tokens = { web: await tokenFor(address, 'web'), api: await tokenFor(address, 'api') };
    await ok(address, management, 'POST', '/v1/connect/intentions', allow('web', 'api'));
    agents.set(name, { address, tokens });
  }
});

after(() => opened.close());

const pairs: readonly (readonly [AgentName, Side, Side])[] = [
  ['our agent', 'ours', 'ours'],
  ['our agent', 'ours', 'built-in'],
  ['our agent', 'built-in', 'ours'],
  ['our agent', 'built-in', 'built-in'],
  ['the real agent', 'ours', 'ours'],
  ['the real agent', 'ours', 'built-in'],
  ['the real agent', 'built-in', 'ours'],
  ['the real agent', 'built-in', 'built-in'],
];

for (const [name, web, api] of pairs) {
  test(`${name}: ${web} outbound to ${api} inbound, each with its own token; a deny refuses, an allow lets pass again`, async () => {
    const { address, tokens } = guarded(name);
    await using pair = await startPair({ agent: address, web, api, tokens });
    assert.equal(await pair.request(), 'hello from api');
    const set = async (action: 'allow' | 'deny'): Promise<void> => {
      const path = await intentionPath(address);
      await ok(address, management, 'PUT', path, { ...allow('web', 'api'), Action: action });
    };
    await set('deny');
    await eventually('the deny to be known', () => assert.rejects(pair.request()));
    await set('allow');
    assert.equal(await eventually('the allow to be known', pair.request), 'hello from api');
  });
}

for (const name of ['our agent', 'the real agent'] as const) {
  test(`${name}: a token for another service gets neither leaf nor decision, and may not be the service`, async () => {
    const { address, tokens } = guarded(name);
    const trustDomain = await trustDomainOf(address);
    const asked = (token: string, target: Service): Promise<number[]> => {
      const question = {
        Target: target,
        ClientCertURI: `spiffe://${trustDomain}/ns/default/dc/dc1/svc/${theOther[target]}`,
        ClientCertSerial: '01',
      };
      const requests: [method: string, path: string, body?: object][] = [
        ['GET', `/v1/agent/connect/ca/leaf/${target}`],
        ['POST', '/v1/agent/connect/authorize', question],
        ['PUT', '/v1/agent/service/register', { Name: target, ID: `another-${target}`, Port: 1 }],
        ['POST', '/v1/connect/intentions', allow('anybody', target)],
      ];
      return Promise.all(
        requests.map(async ([method, path, body]) => (await ask(address, token, method, path, body)).status),
      );
    };
    for (const target of ['web', 'api'] as const) {
      assert.deepEqual(await asked(tokens[theOther[target]], target), [403, 403, 403, 403], `another's, for ${target}`);
      assert.deepEqual(await asked('', target), [403, 403, 403, 403], `none, for ${target}`);
      assert.deepEqual((await asked(tokens[target], target)).slice(0, 2), [200, 200], `its own, for ${target}`);
    }
  });
}

test('our agent: a sidecar whose token is deleted gets no new connection decided', async () => {
  const { address, tokens } = guarded('our agent');
  const lent = await tokenFor(address, 'api');
  await using pair = await startPair({
    agent: address,
    web: 'ours',
    api: 'built-in',
    tokens: { ...tokens, api: lent },
  });
  assert.equal(await pair.request(), 'hello from api');
  const { AccessorID } = await ok(address, lent, 'GET', '/v1/acl/token/self');
  await ok(address, management, 'DELETE', `/v1/acl/token/${AccessorID}`);
  await assert.rejects(pair.request());
});

/** Our agent with ACLs, by a file as people write them for Consul. */
async function startGuarded(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-acl-'));
  const close = (): Promise<void> => rm(folder, { recursive: true });
  opened.add({ close, [Symbol.asyncDispose]: close });
  const file = join(folder, 'agent.json');
  const acl = { enabled: true, default_policy: 'deny', tokens: { master: management } };
  await writeFile(file, JSON.stringify({ acl }), { mode: 0o600 });
  return opened.add(await startOurAgent(['-config-file', file])).address;
}

function guarded(name: AgentName): Guarded {
  const found = agents.get(name);
  if (found === undefined) throw new Error(`${name} has not been started`);
  return found;
}

async function tokenFor(address: string, service: string): Promise<string> {
  const body = { Description: service, ServiceIdentities: [{ ServiceName: service }] };
  return (await ok(address, management, 'PUT', '/v1/acl/token', body)).SecretID ?? '';
}

function allow(source: string, destination: string): object {
  return { SourceName: source, DestinationName: destination, SourceType: 'consul', Action: 'allow' };
}

async function trustDomainOf(address: string): Promise<string> {
  const answer = await ask(address, '', 'GET', '/v1/agent/connect/ca/roots');
  return ((await answer.json()) as RootsAnswer).TrustDomain;
}

/** By its ID, as agents of every version know it. */
async function intentionPath(address: string): Promise<string> {
  const answer = await ask(address, management, 'GET', '/v1/connect/intentions');
  const [intention] = (await answer.json()) as readonly { readonly ID: string }[];
  return `/v1/connect/intentions/${intention?.ID}`;
}

function ask(address: string, token: string, method: string, path: string, body?: object): Promise<Response> {
  return fetch(`http://${address}${path}`, {
    method,
    headers: token === '' ? {} : { 'X-Consul-Token': token },
    ...(body && { body: JSON.stringify(body) }),
  });
}

interface TokenAnswer {
  readonly AccessorID?: string;
  readonly SecretID?: string;
}

async function ok(address: string, token: string, method: string, path: string, body?: object): Promise<TokenAnswer> {
  const answer = await ask(address, token, method, path, body);
  const text = await answer.text();
  assert.equal(answer.status, 200, `${method} ${path}: ${text}`);
  return text === '' ? {} : (JSON.parse(text) as TokenAnswer);
}
