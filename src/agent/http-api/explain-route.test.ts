/** What the agent says of its own decisions, held against the decisions that it makes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ExplainAnswer, ExplainStep } from '../../api/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { startAgent } from '../agent.ts';
import type { AgentOptions } from '../config.ts';

const explain = '/v1/internal/fairlead/explain';

test('without an intention the default decides, and one intention turns it', async () => {
  await using agent = await start();
  assert.deepEqual(await agent.ok('GET', `${explain}?source=web&destination=api`), {
    SourceNS: 'default',
    SourceName: 'web',
    DestinationNS: 'default',
    DestinationName: 'api',
    Allowed: true,
    Reason: 'ACLs disabled, access is allowed by default',
    DecidedBy: null,
    AllowedByDefault: true,
    Others: [],
    Elsewhere: 0,
    Flip: [
      {
        Change: 'create',
        SourceNS: 'default',
        SourceName: 'web',
        DestinationNS: 'default',
        DestinationName: 'api',
        Action: 'deny',
        Command: 'fairlead intention create -deny web api',
      },
    ],
  });
});

test('of several intentions it shows the one that decides, as it is stored, and what the others lost by', async () => {
  await using agent = await start();
  await agent.ok('PUT', '/v1/config', {
    Kind: 'service-intentions',
    Name: 'api',
    Sources: [
      { Name: 'web', Permissions: [{ Action: 'allow', HTTP: { PathPrefix: '/' } }] },
      { Name: '*', Action: 'allow' },
      { Name: 'batch', Action: 'deny' },
    ],
  });
  const told: ExplainAnswer = await agent.ok('GET', `${explain}?source=web&destination=api`);
  assert.equal(told.Allowed, false);
  assert.equal(told.Reason, 'Matched L7 intention: default/web => default/api (Precedence: 9, Permissions: 1)');
  assert.deepEqual([told.DecidedBy?.SourceName, told.DecidedBy?.Precedence], ['web', 9]);
  assert.deepEqual(
    told.Others.map(({ Why, Intention }) => [Why, Intention.SourceName, Intention.Precedence]),
    [['lower precedence', '*', 8]],
  );
  assert.equal(told.Elsewhere, 1);
  assert.deepEqual(
    told.Flip.map(({ Change, Action }) => [Change, Action]),
    [['replace', 'allow']],
  );
});

const refused: readonly [query: string, status: number, text: RegExp][] = [
  ['', 400, /source/],
  ['?source=web', 400, /destination/],
  ['?destination=api', 400, /source/],
  ['?source=*&destination=api', 400, /^Bad request: expected the name of one service in source, found a wildcard$/],
  [
    '?source=web&destination=*',
    400,
    /^Bad request: expected the name of one service in destination, found a wildcard$/,
  ],
  ['?source=web&destination=a/b/c', 400, /found "a\/b\/c"$/],
  ['?source=web&destination=api&dc=other', 500, /^No path to datacenter$/],
];
for (const [query, status, text] of refused) {
  test(`GET explain${query} is ${status} ${text}`, async () => {
    await using agent = await start();
    const answer = await agent.ask('GET', explain + query);
    assert.equal(answer.status, status);
    assert.match(answer.text, text);
  });
}

test('it is for those who may read the intentions of the destination, and a denial says so', async () => {
  const root = 'root of all tokens';
  const acl = { enabled: true, defaultPolicy: 'deny' as const, tokens: { initialManagement: root } };
  await using agent = await start({ acl });
  const tokenOf = async (service: string): Promise<string> => {
    const policy = { Name: service, Rules: `service "${service}" { policy = "write" }` };
    await agent.ok('PUT', '/v1/acl/policy', policy, root);
    return (await agent.ok('PUT', '/v1/acl/token', { Policies: [{ Name: service }] }, root)).SecretID;
  };
  const [web, api] = await Promise.all([tokenOf('web'), tokenOf('api')]);
  const question = `${explain}?source=web&destination=api`;
  for (const token of [web, '']) {
    const answer = await agent.ask('GET', question, undefined, token);
    assert.equal(answer.status, 403);
    assert.match(answer.text, /^Permission denied: Missing intentions:read on api$/);
  }
  const told: ExplainAnswer = await agent.ok('GET', question, undefined, api);
  assert.deepEqual([told.Allowed, told.AllowedByDefault], [false, false]);
  assert.deepEqual(await agent.ok('GET', question, undefined, root), told);
});

test('the steps that it tells, taken over the API, turn the decision that authorize makes', async () => {
  await using agent = await start();
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 3 }), name, name, async (entries, source, destination) => {
      await agent.clear();
      for (const one of entries) await agent.ok('PUT', '/v1/config', one);
      const query = `?source=${source}&destination=${destination}`;
      const before: ExplainAnswer = await agent.ok('GET', explain + query);
      assert.equal(await agent.authorizes(source, destination), before.Allowed);
      for (const step of before.Flip) await take(agent, step);
      assert.equal(await agent.authorizes(source, destination), !before.Allowed, JSON.stringify(before.Flip));
      const after: ExplainAnswer = await agent.ok('GET', explain + query);
      assert.equal(after.Allowed, !before.Allowed);
    }),
    { numRuns: 150 },
  );
});

const name = fc.constantFrom('web', 'WEB', 'api', 'Api');
const sourceOf = fc.record({
  Name: fc.constantFrom('web', 'WEB', 'api', '*'),
  Action: fc.constantFrom('allow', 'deny'),
  Peer: fc.option(fc.constant('east'), { nil: undefined, freq: 4 }),
});
/** At most one for a name, in whatever case. */
const entry = fc.record({
  Kind: fc.constant('service-intentions'),
  Name: fc.constantFrom('web', 'api', '*'),
  Sources: fc.uniqueArray(sourceOf, {
    minLength: 1,
    maxLength: 4,
    selector: ({ Name, Peer }) => `${Name.toLowerCase()} ${Peer}`,
  }),
});

/** As a person would who follows the advice: a source of another cluster stands in the config entry alone. */
async function take(agent: Tested, step: ExplainStep): Promise<void> {
  if (step.Origin === undefined) {
    const path = `/v1/connect/intentions/exact?source=${step.SourceName}&destination=${step.DestinationName}`;
    if (step.Change === 'delete') await agent.ok('DELETE', path);
    else await agent.ok('PUT', path, { Action: step.Action });
    return;
  }
  const path = `/v1/config/service-intentions/${step.DestinationName}`;
  const { Kind, Name, Sources } = await agent.ok('GET', path);
  const left = (Sources as readonly { readonly Name: string; readonly Peer?: string }[]).filter(
    ({ Name, Peer }) => Name !== step.SourceName || Peer === undefined,
  );
  if (left.length === 0) await agent.ok('DELETE', path);
  else await agent.ok('PUT', '/v1/config', { Kind, Name, Sources: left });
}

interface Tested extends AsyncDisposable {
  ask(method: string, path: string, body?: object, token?: string): Promise<{ status: number; text: string }>;
  /** The JSON of an answer that must be 200. */
  // biome-ignore lint/suspicious/noExplicitAny: what the test reads next checks it
  ok(method: string, path: string, body?: object, token?: string): Promise<any>;
  authorizes(source: string, destination: string): Promise<boolean>;
  /** Takes every intention away. */
  clear(): Promise<void>;
}

async function start(options: AgentOptions = {}): Promise<Tested> {
  const agent = await startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }], ...options }, testRuntime());
  const ask: Tested['ask'] = async (method, path, body, token = '') => {
    const response = await fetch(`http://127.0.0.1:${agent.address.port}${path}`, {
      method,
      headers: token === '' ? {} : { 'X-Consul-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  };
  const ok: Tested['ok'] = async (method, path, body, token) => {
    const { status, text } = await ask(method, path, body, token);
    assert.equal(status, 200, `${method} ${path}: ${text}`);
    return JSON.parse(text);
  };
  return {
    ask,
    ok,
    authorizes: async (source, destination) => {
      const uri = `spiffe://${agent.trustDomain}/ns/default/dc/dc1/svc/${source}`;
      const question = { Target: destination, ClientCertURI: uri, ClientCertSerial: '01' };
      return (await ok('POST', '/v1/agent/connect/authorize', question)).Authorized;
    },
    clear: async () => {
      for (const { Name } of (await ok('GET', '/v1/config/service-intentions')) as { Name: string }[])
        await ok('DELETE', `/v1/config/service-intentions/${Name}`);
    },
    [Symbol.asyncDispose]: () => agent.close({ signal: AbortSignal.abort() }),
  };
}
