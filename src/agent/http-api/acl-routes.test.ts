/** Tokens over the HTTP API: what they are, what they may do, and that nothing is left of one that is gone. */

import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clock, type Log, systemClock } from '../../base/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { startAgent } from '../agent.ts';
import type { AgentOptions } from '../config.ts';

const root = 'root of all tokens';

test('without ACLs every question about them is a 401', async () => {
  await using agent = await start({ acl: {} });
  for (const [method, path] of [
    ['PUT', '/v1/acl/bootstrap'],
    ['GET', '/v1/acl/tokens'],
    ['GET', '/v1/acl/token/self'],
    ['GET', '/v1/acl/policies'],
    ['GET', '/v1/acl/role/name/x'],
    ['POST', '/v1/acl/login'],
    ['PUT', '/v1/agent/token/default'],
  ] as const) {
    const answer = await agent.ask(method, path);
    assert.deepEqual([answer.status, answer.text], [401, 'ACL support disabled'], path);
  }
  assert.equal((await agent.ask('GET', '/v1/agent/services', { token: 'any' })).status, 200);
});

test('the first who asks gets a token for everything, and nobody after', async () => {
  await using agent = await start({ acl: { enabled: true, defaultPolicy: 'deny' } });
  const first = await agent.ok('PUT', '/v1/acl/bootstrap', { token: '' });
  assert.equal(first.ID, first.SecretID);
  assert.deepEqual(first.Policies, [{ ID: '00000000-0000-0000-0000-000000000001', Name: 'global-management' }]);
  const self = await agent.ok('GET', '/v1/acl/token/self', { token: first.SecretID });
  assert.deepEqual({ ID: first.ID, ...self }, first);
  const second = await agent.ask('PUT', '/v1/acl/bootstrap', { token: '' });
  assert.equal(second.status, 403);
  assert.match(second.text, /^Permission denied: ACL bootstrap no longer allowed \(reset index: \d+\)$/);
});

test('a reset file with the right index allows one more bootstrap, and tokens outlive a restart', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-acl-'));
  const options: AgentOptions = { dev: false, dataDir: folder, acl: { enabled: true, defaultPolicy: 'deny' } };
  const resetFile = join(folder, 'acl-bootstrap-reset');
  try {
    let secret = '';
    {
      await using agent = await start(options);
      secret = (await agent.ok('PUT', '/v1/acl/bootstrap', { token: '' })).SecretID;
    }
    await using agent = await start(options);
    assert.equal((await agent.ok('GET', '/v1/acl/token/self', { token: secret })).SecretID, secret);
    const refused = await agent.ask('PUT', '/v1/acl/bootstrap', { token: '' });
    await writeFile(resetFile, '1');
    assert.equal((await agent.ask('PUT', '/v1/acl/bootstrap', { token: '' })).status, 403);
    await writeFile(resetFile, `${/\d+/.exec(refused.text)?.[0]}\n`);
    const next = await agent.ok('PUT', '/v1/acl/bootstrap', { token: '' });
    assert.notEqual(next.SecretID, secret);
    await assert.rejects(stat(resetFile), { code: 'ENOENT' });
    assert.equal((await agent.ask('PUT', '/v1/acl/bootstrap', { token: '' })).status, 403);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('create, read and self show one and the same token, by the names of now', async () => {
  await using agent = await start();
  const policy = await agent.ok('PUT', '/v1/acl/policy', { body: { Name: 'web', Rules: write('web') } });
  const role = await agent.ok('PUT', '/v1/acl/role', { body: { Name: 'r', Policies: [{ ID: policy.ID }] } });
  const created = await agent.ok('PUT', '/v1/acl/token', {
    body: {
      Description: 'd',
      Policies: [{ Name: 'web' }, { ID: policy.ID }],
      Roles: [{ Name: 'r' }],
      ServiceIdentities: [{ ServiceName: 'api', Datacenters: ['dc1'] }, { ServiceName: 'api' }],
      NodeIdentities: [{ NodeName: 'n', Datacenter: 'dc1' }],
    },
  });
  assert.deepEqual(created.Policies, [{ ID: policy.ID, Name: 'web' }]);
  assert.deepEqual(created.Roles, [{ ID: role.ID, Name: 'r' }]);
  assert.deepEqual(created.ServiceIdentities, [{ ServiceName: 'api' }]);
  assert.match(created.CreateTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  assert.match(created.Hash, /^[A-Za-z0-9+/]{43}=$/);
  assert.deepEqual(await agent.ok('GET', `/v1/acl/token/${created.AccessorID}`), created);
  assert.deepEqual(await agent.ok('GET', '/v1/acl/token/self', { token: created.SecretID }), created);

  const list: Json[] = await agent.ok('GET', '/v1/acl/tokens');
  const { SecretID: _, ...entry } = created;
  assert.deepEqual(
    list.find(({ AccessorID }) => AccessorID === created.AccessorID),
    entry,
  );
  assert.equal(list.length, 3);
  assert.ok(!JSON.stringify(list).includes('SecretID'));

  await agent.ok('PUT', `/v1/acl/policy/${policy.ID}`, { body: { Name: 'web2', Rules: write('web') } });
  const renamed = await agent.ok('GET', `/v1/acl/token/${created.AccessorID}`);
  assert.deepEqual(renamed.Policies, [{ ID: policy.ID, Name: 'web2' }]);
  await agent.ok('DELETE', `/v1/acl/policy/${policy.ID}`);
  assert.equal((await agent.ok('GET', `/v1/acl/token/${created.AccessorID}`)).Policies, undefined);
});

test('reads of ACLs carry an index, say that there is a leader, and wait for change', async () => {
  await using agent = await start();
  const before = await agent.ask('GET', '/v1/acl/tokens');
  assert.equal(before.headers.get('x-consul-knownleader'), 'true');
  assert.equal(before.headers.get('x-consul-lastcontact'), '0');
  const index = before.headers.get('x-consul-index');
  const waiting = agent.ask('GET', `/v1/acl/tokens?index=${index}`);
  await agent.ok('PUT', '/v1/acl/token', { body: { Description: 'new' } });
  assert.ok((await waiting).text.includes('"new"'));
});

test('who may read ACLs sees of a secret nothing', async () => {
  await using agent = await start();
  await agent.ok('PUT', '/v1/acl/policy', { body: { Name: 'reader', Rules: 'acl = "read"' } });
  const reader = await agent.ok('PUT', '/v1/acl/token', { body: { Policies: [{ Name: 'reader' }] } });
  const other = await agent.ok('PUT', '/v1/acl/token', { body: {} });
  const seen = await agent.ok('GET', `/v1/acl/token/${other.AccessorID}`, { token: reader.SecretID });
  assert.equal(seen.SecretID, '<hidden>');
  assert.equal((await agent.ask('PUT', '/v1/acl/token', { token: reader.SecretID, body: {} })).status, 403);
  assert.equal((await agent.ask('GET', '/v1/acl/tokens', { token: '' })).text, 'Permission denied: Missing acl:read');
});

const id = '11111111-2222-3333-4444-555555555555';
const refusals: readonly (readonly [
  method: string,
  path: string,
  body: object | undefined,
  status: number,
  text: RegExp,
])[] = [
  ['GET', `/v1/acl/token/${id}`, undefined, 403, /^ACL not found$/],
  ['GET', `/v1/acl/policy/${id}`, undefined, 403, /^ACL not found$/],
  ['GET', '/v1/acl/policy/name/nope', undefined, 403, /^ACL not found$/],
  ['GET', `/v1/acl/role/${id}`, undefined, 404, /^$/],
  ['GET', '/v1/acl/role/name/nope', undefined, 404, /^$/],
  ['GET', '/v1/acl/token/nope', undefined, 500, /^failed acl token lookup: index error: UUID must be 36 characters$/],
  ['GET', '/v1/acl/policy/nope', undefined, 500, /^failed acl policy lookup: /],
  ['GET', '/v1/acl/token/', undefined, 400, /^Bad request: Missing token ID$/],
  ['PUT', '/v1/acl/token/self', {}, 405, /^method PUT not allowed$/],
  ['PUT', '/v1/acl/token', { Bogus: 1 }, 400, /^Bad request: Token decoding failed: json: unknown field "Bogus"$/],
  ['PUT', '/v1/acl/token', { Policies: [{ Name: 'nope' }] }, 500, /^No such ACL policy with name "nope"$/],
  ['PUT', '/v1/acl/token', { Policies: [{ ID: id }] }, 500, /^No such ACL policy with ID "1111/],
  ['PUT', '/v1/acl/token', { Policies: [{ ID: 'x' }] }, 500, /^Error looking up policy for id "x": failed acl policy/],
  ['PUT', '/v1/acl/token', { Roles: [{ Name: 'nope' }] }, 500, /^No such ACL role with name "nope"$/],
  ['PUT', '/v1/acl/token', { SecretID: 'x' }, 500, /^Invalid Token: SecretID is not a valid UUID$/],
  ['PUT', '/v1/acl/token', { AccessorID: '00000000-0000-0000-0000-0000000000ff' }, 500, /are reserved$/],
  ['PUT', '/v1/acl/token', { ServiceIdentities: [{ ServiceName: 'API' }] }, 500, /^Service identity "API" has an inv/],
  ['PUT', '/v1/acl/token', { ServiceIdentities: [{}] }, 500, /missing the service name field on this token$/],
  ['PUT', '/v1/acl/token', { NodeIdentities: [{ NodeName: 'n' }] }, 500, /missing the datacenter field on this token$/],
  [
    'PUT',
    '/v1/acl/token',
    { ExpirationTTL: '10s' },
    500,
    /^ExpirationTime cannot be less than 1m0s in the future \(was 10s\)/,
  ],
  ['PUT', '/v1/acl/token', { ExpirationTTL: '25h' }, 500, /^ExpirationTime cannot be more than 24h0m0s/],
  ['PUT', '/v1/acl/token', { ExpirationTTL: '-1h' }, 500, /^Token Expiration TTL '-1h0m0s' should be > 0$/],
  [
    'PUT',
    '/v1/acl/token',
    { ExpirationTime: '2020-01-01T00:00:00Z' },
    500,
    /^ExpirationTime cannot be before CreateTime$/,
  ],
  ['PUT', '/v1/acl/token', { ExpirationTime: 'tomorrow' }, 400, /^Bad request: Token decoding failed: parsing time/],
  ['PUT', '/v1/acl/token', { Rules: 'x' }, 500, /^Rules cannot be specified for this token$/],
  ['PUT', `/v1/acl/token/${id}`, {}, 500, /^Cannot find token "1111/],
  ['PUT', `/v1/acl/token/${id}/clone`, {}, 403, /^ACL not found$/],
  ['PUT', `/v1/acl/token/${id}`, { AccessorID: id.replace('1', '2') }, 400, /do not match$/],
  ['PUT', '/v1/acl/token/00000000-0000-0000-0000-000000000002', { SecretID: id }, 500, /^Changing a tokens SecretID/],
  ['PUT', '/v1/acl/token/00000000-0000-0000-0000-000000000002', { Local: true }, 500, /^cannot toggle local mode/],
  ['DELETE', '/v1/acl/token/00000000-0000-0000-0000-000000000002', undefined, 500, /anonymous token$/],
  ['DELETE', '/v1/acl/token/nope', undefined, 500, /^Accessor ID is missing or an invalid UUID$/],
  ['PUT', '/v1/acl/policy', {}, 500, /^Invalid Policy: no Name is set$/],
  ['PUT', '/v1/acl/policy', { Name: 'a b' }, 500, /^Invalid Policy: invalid Name\./],
  ['PUT', '/v1/acl/policy', { Name: 'global-management' }, 500, /^Invalid Policy: A Policy with Name "global-man/],
  ['PUT', '/v1/acl/policy', { Name: 'x', ID: id }, 400, /^Bad request: Cannot specify the ID when creating/],
  ['PUT', '/v1/acl/policy', { Name: 'x', Rules: 'service "x" {' }, 500, /^Failed to parse ACL rules: At 1:/],
  ['PUT', `/v1/acl/policy/${id}`, { Name: 'x' }, 500, /^cannot find policy 1111/],
  [
    'PUT',
    '/v1/acl/policy/00000000-0000-0000-0000-000000000001',
    { Name: 'x' },
    500,
    /^Changing the Rules for the builtin/,
  ],
  ['DELETE', '/v1/acl/policy/00000000-0000-0000-0000-000000000001', undefined, 500, /^Delete operation not permitted/],
  ['PUT', '/v1/acl/role', {}, 500, /^Invalid Role: no Name is set$/],
  ['PUT', '/v1/acl/role', { Name: 'x', NodeIdentities: [{ NodeName: 'n' }] }, 500, /on this role$/],
  ['PUT', '/v1/agent/token/nope', { Token: 'x' }, 404, /^Token "nope" is unknown$/],
  ['POST', '/v1/acl/login', {}, 501, /^this agent has no auth methods/],
];

test('what is refused is refused in the words of Consul', async () => {
  await using agent = await start();
  for (const [method, path, body, status, text] of refusals) {
    const answer = await agent.ask(method, path, body === undefined ? {} : { body });
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(body)}: ${answer.text}`);
    assert.match(answer.text, text);
  }
});

test('a clone has the same rights, an update takes away what it does not say, a deletion is final', async () => {
  await using agent = await start();
  await agent.ok('PUT', '/v1/acl/policy', { body: { Name: 'web', Rules: write('web') } });
  const token = await agent.ok('PUT', '/v1/acl/token', { body: { Description: 'one', Policies: [{ Name: 'web' }] } });
  const clone = await agent.ok('PUT', `/v1/acl/token/${token.AccessorID}/clone`, { body: {} });
  assert.deepEqual(clone.Policies, token.Policies);
  assert.equal(clone.Description, 'one');
  assert.notEqual(clone.SecretID, token.SecretID);

  const updated = await agent.ok('PUT', `/v1/acl/token/${token.AccessorID}`, { body: { Description: 'two' } });
  assert.equal(updated.Policies, undefined);
  assert.equal(updated.SecretID, token.SecretID);
  const leaf = '/v1/agent/connect/ca/leaf/web';
  assert.equal((await agent.ask('GET', leaf, { token: token.SecretID })).status, 403);
  assert.equal((await agent.ask('GET', leaf, { token: clone.SecretID })).status, 200);

  assert.equal(await agent.ok('DELETE', `/v1/acl/token/${clone.AccessorID}`), true);
  assert.equal(await agent.ok('DELETE', `/v1/acl/token/${clone.AccessorID}`), true);
  assert.equal((await agent.ask('GET', leaf, { token: clone.SecretID })).text, 'ACL not found');
});

test('a denial says which right was missing', async () => {
  await using agent = await start({ nodeName: 'node-1' });
  await agent.ok('PUT', '/v1/agent/service/register', { body: { Name: 'web', Check: { TTL: '1h' } } });
  const entry = { Kind: 'service-intentions', Name: 'api', Sources: [{ Name: 'web', Action: 'allow' }] };
  await agent.ok('PUT', '/v1/config', { body: entry });
  await agent.ok('PUT', '/v1/catalog/register', { body: { Node: 'ext', Address: '10.0.0.1' } });
  const denials: readonly (readonly [missing: string, method: string, path: string, body?: object])[] = [
    ['acl:read', 'GET', '/v1/acl/tokens'],
    ['acl:read', 'GET', `/v1/acl/token/${id}`],
    ['acl:write', 'PUT', '/v1/acl/token', {}],
    ['acl:write', 'PUT', `/v1/acl/token/${id}`, {}],
    ['acl:write', 'PUT', `/v1/acl/token/${id}/clone`, {}],
    ['acl:write', 'DELETE', `/v1/acl/token/${id}`],
    ['acl:read', 'GET', '/v1/acl/policies'],
    ['acl:read', 'GET', '/v1/acl/policy/name/p'],
    ['acl:write', 'PUT', '/v1/acl/policy', { Name: 'p' }],
    ['acl:write', 'DELETE', `/v1/acl/policy/${id}`],
    ['acl:read', 'GET', '/v1/acl/roles'],
    ['acl:write', 'PUT', '/v1/acl/role', { Name: 'r' }],
    ['acl:write', 'DELETE', `/v1/acl/role/${id}`],
    ['agent:read on node-1', 'GET', '/v1/agent/self'],
    ['agent:write on node-1', 'PUT', '/v1/agent/reload'],
    ['agent:write on node-1', 'PUT', '/v1/agent/token/default', { Token: 'x' }],
    ['node:write on node-1', 'PUT', '/v1/agent/maintenance?enable=true'],
    ['service:read on web', 'GET', '/v1/agent/service/web'],
    ['service:read on web', 'GET', '/v1/agent/health/service/id/web'],
    ['service:write on web', 'PUT', '/v1/agent/service/register', { Name: 'web' }],
    ['service:write on web', 'PUT', '/v1/agent/service/maintenance/web?enable=true'],
    ['service:write on web', 'PUT', '/v1/agent/service/deregister/web'],
    ['service:write on web', 'PUT', '/v1/agent/check/pass/service:web'],
    ['service:write on web', 'PUT', '/v1/agent/check/register', { Name: 'c', TTL: '1h', ServiceID: 'web' }],
    ['service:write on web', 'PUT', '/v1/agent/check/deregister/service:web'],
    ['service:write on web', 'GET', '/v1/agent/connect/ca/leaf/web'],
    ['service:write on web', 'POST', '/v1/agent/connect/authorize', agent.question('web', 'api')],
    ['operator:read', 'GET', '/v1/connect/ca/configuration'],
    ['operator:write', 'PUT', '/v1/connect/ca/configuration', { Provider: 'consul' }],
    ['intentions:read on api', 'GET', '/v1/connect/intentions/match?by=destination&name=api'],
    ['intentions:read on api', 'GET', '/v1/connect/intentions/exact?source=web&destination=api'],
    ['service:read on api', 'GET', '/v1/connect/intentions/check?source=web&destination=api'],
    ['intentions:read on api', 'GET', '/v1/internal/fairlead/explain?source=web&destination=api'],
    ['intentions:read on api', 'GET', '/v1/config/service-intentions/api'],
    ['intentions:write on api', 'PUT', '/v1/config', entry],
    ['intentions:write on api', 'DELETE', '/v1/config/service-intentions/api'],
    ['node:write on ext', 'PUT', '/v1/catalog/register', { Node: 'ext', Address: '10.0.0.2' }],
    [
      'service:write on db',
      'PUT',
      '/v1/catalog/register',
      { Node: 'ext', SkipNodeUpdate: true, Service: { Service: 'db' } },
    ],
    ['node:write on ext', 'PUT', '/v1/catalog/deregister', { Node: 'ext' }],
  ];
  for (const [missing, method, path, body] of denials) {
    const { status, text } = await agent.ask(method, path, { token: '', ...(body && { body }) });
    assert.deepEqual([status, text], [403, `Permission denied: Missing ${missing}`], `${method} ${path}`);
  }
});

test('a token is not deleted by itself', async () => {
  await using agent = await start();
  const self = await agent.ok('GET', '/v1/acl/token/self');
  const answer = await agent.ask('DELETE', `/v1/acl/token/${self.AccessorID}`);
  assert.match(answer.text, /^Deletion of the request's authorization token is not permitted$/);
});

test('a token that has expired is as good as deleted', async () => {
  let now = Date.parse('2030-01-01T00:00:00Z');
  const clock = { ...systemClock, now: () => now, sleep: systemClock.sleep.bind(systemClock) };
  await using agent = await start({}, { clock });
  const token = await agent.ok('PUT', '/v1/acl/token', { body: { ExpirationTTL: '1h' } });
  assert.equal(token.ExpirationTime, '2030-01-01T01:00:00.000000000Z');
  const self = { token: token.SecretID };
  assert.equal((await agent.ask('GET', '/v1/acl/token/self', self)).status, 200);
  now += 3_600_000;
  assert.equal((await agent.ask('GET', '/v1/acl/token/self', self)).status, 403);
  assert.equal((await agent.ask('GET', '/v1/agent/services', self)).text, 'ACL not found');
  assert.equal((await agent.ask('GET', `/v1/acl/token/${token.AccessorID}`)).status, 403);
  assert.ok(!(await agent.ask('GET', '/v1/acl/tokens')).text.includes(token.AccessorID));
  // Its IDs are free again.
  const { AccessorID, SecretID } = token;
  await agent.ok('PUT', '/v1/acl/token', { body: { AccessorID, SecretID } });
});

test('a deleted token gets neither a cached leaf nor a decision, and a wait that it began ends in a refusal', async () => {
  await using agent = await start();
  const token = await agent.tokenFor(write('web'));
  const own = { token: token.SecretID };
  const leaf = '/v1/agent/connect/ca/leaf/web';
  const first = await agent.ask('GET', leaf, own);
  assert.equal(first.status, 200);
  const question = agent.question('web', 'api');
  assert.equal((await agent.ask('POST', '/v1/agent/connect/authorize', { ...own, body: question })).status, 200);
  const waiting = agent.ask('GET', `${leaf}?index=${first.headers.get('x-consul-index')}&wait=500ms`, own);

  await agent.ok('DELETE', `/v1/acl/token/${token.AccessorID}`);

  assert.equal((await agent.ask('GET', leaf, own)).text, 'ACL not found');
  const decision = await agent.ask('POST', '/v1/agent/connect/authorize', { ...own, body: question });
  assert.deepEqual([decision.status, decision.text], [403, 'ACL not found']);
  assert.deepEqual(await waiting.then(({ status, text }) => [status, text]), [403, 'ACL not found']);
});

const losses: readonly (readonly [what: string, lose: (agent: Tested, granted: Granted) => Promise<unknown>])[] = [
  ['its policy says less', ({ ok }, { policy }) => ok('PUT', `/v1/acl/policy/${policy}`, { body: { Name: 'p' } })],
  ['its policy is deleted', ({ ok }, { policy }) => ok('DELETE', `/v1/acl/policy/${policy}`)],
  ['its role loses the policy', ({ ok }, { role }) => ok('PUT', `/v1/acl/role/${role}`, { body: { Name: 'r' } })],
  ['its role is deleted', ({ ok }, { role }) => ok('DELETE', `/v1/acl/role/${role}`)],
  ['it loses the role', ({ ok }, { token }) => ok('PUT', `/v1/acl/token/${token.AccessorID}`, { body: {} })],
];

for (const [what, lose] of losses)
  test(`a token gets no leaf any more when ${what}: neither the cached one, nor one that it waits for`, async () => {
    const waits = new EventEmitter();
    const clock: Clock = {
      now: () => systemClock.now(),
      sleep: (milliseconds, signal) => {
        waits.emit(String(milliseconds));
        return systemClock.sleep(milliseconds, signal);
      },
    };
    await using agent = await start({}, { random: () => 0, clock });
    const { ID: policy } = await agent.ok('PUT', '/v1/acl/policy', { body: { Name: 'p', Rules: write('web') } });
    const { ID: role } = await agent.ok('PUT', '/v1/acl/role', { body: { Name: 'r', Policies: [{ ID: policy }] } });
    const token = await agent.ok('PUT', '/v1/acl/token', { body: { Roles: [{ ID: role }] } });
    const own = { token: token.SecretID };
    const leaf = '/v1/agent/connect/ca/leaf/web';
    const first = await agent.ask('GET', leaf, own);
    assert.equal(first.status, 200);
    const after = `${leaf}?index=${first.headers.get('x-consul-index')}`;
    const [isWaiting, isWaitingBriefly] = [once(waits, '599999'), once(waits, '499')];
    const untilNext = agent.ask('GET', `${after}&wait=599999ms`, own);
    const untilItsTime = agent.ask('GET', `${after}&wait=499ms`, own);
    await Promise.all([isWaiting, isWaitingBriefly]);

    await lose(agent, { policy, role, token });

    const refused = [403, 'Permission denied: Missing service:write on web'];
    const told = ({ status, text }: Answer) => [status, text];
    assert.deepEqual(told(await agent.ask('GET', leaf, own)), refused);
    assert.deepEqual(told(await untilItsTime), refused);
    await agent.rotateRoot();
    assert.deepEqual(told(await untilNext), refused, 'the new leaf wakes the one who waits, and is not for it');
    const { headers } = await agent.ask('GET', after);
    assert.ok(Number(headers.get('x-consul-index')) > Number(first.headers.get('x-consul-index')));
  });

test('a policy that changes changes what its tokens may do, at once', async () => {
  await using agent = await start();
  const { ID } = await agent.ok('PUT', '/v1/acl/policy', { body: { Name: 'p', Rules: write('web') } });
  const { SecretID: token } = await agent.ok('PUT', '/v1/acl/token', { body: { Policies: [{ ID }] } });
  const status = async (service: string): Promise<number> =>
    (await agent.ask('GET', `/v1/agent/connect/ca/leaf/${service}`, { token })).status;
  assert.deepEqual([await status('web'), await status('db')], [200, 403]);
  await agent.ok('PUT', `/v1/acl/policy/${ID}`, { body: { Name: 'p', Rules: write('db') } });
  assert.deepEqual([await status('web'), await status('db')], [403, 200]);
  await agent.ok('PUT', `/v1/acl/policy/${ID}`, { body: { Name: 'p', Rules: write('db'), Datacenters: ['dc2'] } });
  assert.deepEqual([await status('web'), await status('db')], [403, 403]);
  await agent.ok('DELETE', `/v1/acl/policy/${ID}`);
  assert.equal(await status('db'), 403);
});

test('a token for WEB borrows nothing of web', async () => {
  await using agent = await start();
  const { SecretID: token } = await agent.tokenFor(write('WEB'));
  assert.equal((await agent.ask('GET', '/v1/agent/connect/ca/leaf/web', { token })).status, 403);
  assert.equal((await agent.ask('GET', '/v1/agent/connect/ca/leaf/WEB', { token })).status, 200);
  const asWeb = { token, body: agent.question('web', 'api') };
  assert.equal((await agent.ask('POST', '/v1/agent/connect/authorize', asWeb)).status, 403);

  // What web may do, its namesake may not.
  const intention = { SourceName: 'web', DestinationName: 'db', Action: 'allow' };
  await agent.ok('POST', '/v1/connect/intentions', { body: intention });
  const authorized = async (source: string): Promise<boolean> => {
    const body = agent.question('db', source);
    return (await agent.ok('POST', '/v1/agent/connect/authorize', { body })).Authorized;
  };
  assert.deepEqual([await authorized('web'), await authorized('WEB')], [true, false]);
  assert.equal((await agent.ask('PUT', '/v1/agent/service/register', { token, body: { Name: 'web' } })).status, 403);
});

test("a sidecar's own token must have the right to it, and the request's must have that to the service", async () => {
  await using agent = await start();
  const both = await agent.tokenFor('service_prefix "web" { policy = "write" }');
  const service = await agent.tokenFor(write('web'));
  const register = async (token: string, sidecar: object): Promise<string> => {
    const body = { Name: 'web', Port: 80, Connect: { SidecarService: { Port: 21_500, ...sidecar } } };
    const answer = await agent.ask('PUT', '/v1/agent/service/register', { token, body });
    return `${answer.status} ${answer.text}`.trim();
  };
  const missing = '403 Permission denied: Missing service:write on web-sidecar-proxy';
  assert.equal(await register(service.SecretID, {}), missing);
  assert.equal(await register(both.SecretID, { Token: service.SecretID }), missing);
  assert.equal(await register(both.SecretID, { Token: id }), '403 ACL not found');
  assert.equal(await register(service.SecretID, { Token: both.SecretID }), '200');
  assert.equal(await register(both.SecretID, {}), '200');
  const other = await agent.tokenFor('service "web-sidecar-proxy" { policy = "write" }');
  assert.equal(await register(other.SecretID, {}), '403 Permission denied: Missing service:write on web');
});

test('requests without a token have the default one, and the recovery token works on the agent alone', async () => {
  await using agent = await start();
  const none = { token: '' };
  const { SecretID } = await agent.tokenFor(
    'service_prefix "" { policy = "read" } agent_prefix "" { policy = "read" }',
  );
  assert.equal((await agent.ask('GET', '/v1/agent/self', none)).status, 403);
  await agent.ok('PUT', '/v1/agent/token/default', { body: { Token: SecretID } });
  assert.equal((await agent.ask('GET', '/v1/agent/self', none)).status, 200);
  assert.equal((await agent.ask('PUT', '/v1/agent/token/default', { ...none, body: { Token: '' } })).status, 403);
  await agent.ok('PUT', '/v1/agent/token/acl_token', { body: { Token: 'unknown' } });
  assert.equal((await agent.ask('GET', '/v1/agent/self', none)).text, 'ACL not found');
  await agent.ok('PUT', '/v1/agent/token/default', { body: { Token: '' } });
  assert.match((await agent.ask('GET', '/v1/agent/self', none)).text, /^Permission denied: Missing agent:read on /);

  await agent.ok('PUT', '/v1/agent/token/agent_master', { body: { Token: 'recovery' } });
  assert.equal((await agent.ask('GET', '/v1/agent/self', { token: 'recovery' })).status, 200);
  assert.equal((await agent.ask('GET', '/v1/acl/tokens', { token: 'recovery' })).status, 403);
  assert.deepEqual(await agent.ok('GET', '/v1/catalog/services', { token: 'recovery' }), {});
});

test('of a token no letter is in a log, an error or what the agent tells of itself', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-acl-'));
  const lines: string[] = [];
  const note = (message: string, fields?: object): void => {
    lines.push(`${message} ${JSON.stringify(fields)}`);
  };
  const log: Log = { with: () => log, debug: note, info: note, warn: note, error: note };
  try {
    const secrets = [root];
    {
      await using agent = await start({ dev: false, dataDir: folder }, { log });
      const token = await agent.tokenFor(write('web'));
      secrets.push(token.SecretID, 'a default token', 'wrong token');
      await agent.ok('PUT', '/v1/agent/token/default', { body: { Token: 'a default token' } });
      const answers = [
        await agent.ask('GET', '/v1/agent/self'),
        await agent.ask('GET', '/v1/agent/services?token=wrong%20token', { token: '' }),
        await agent.ask('GET', '/v1/agent/connect/ca/leaf/db', { token: token.SecretID }),
        await agent.ask('PUT', '/v1/acl/token', { body: { SecretID: token.SecretID } }),
        await agent.ask('PUT', '/v1/acl/token', { body: { SecretID: 'wrong token' } }),
      ];
      lines.push(...answers.map(({ text }) => text));
    }
    for (const secret of secrets) assert.ok(!lines.join('\n').includes(secret), secret);
    const state = join(folder, 'fairlead.db');
    assert.equal((await stat(state)).mode & 0o777, 0o600);
    assert.ok((await readFile(state)).includes(root), 'the state is where tokens are kept');
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** What an answer holds; tests say what they expect in it. */
// biome-ignore lint/suspicious/noExplicitAny: answers of a dozen shapes, each looked into once
type Json = any;

interface Asked {
  /** By itself `root`; none when empty. */
  readonly token?: string;
  readonly body?: object;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** A token, and the IDs of what its rights come from. */
interface Granted {
  readonly policy: string;
  readonly role: string;
  readonly token: Json;
}

interface Tested extends AsyncDisposable {
  rotateRoot(): Promise<void>;
  ask(method: string, path: string, asked?: Asked): Promise<Answer>;
  /** As `ask`; fails unless the answer is a 200. Gives what it holds. */
  ok(method: string, path: string, asked?: Asked): Promise<Json>;
  tokenFor(rules: string): Promise<Json>;
  /** The body with which a proxy asks whether `source` may connect. */
  question(target: string, source: string): object;
}

async function start(options: AgentOptions = {}, runtime: Parameters<typeof testRuntime>[0] = {}): Promise<Tested> {
  const agent = await startAgent(
    {
      dev: true,
      http: [{ host: '127.0.0.1', port: 0 }],
      acl: { enabled: true, defaultPolicy: 'deny', tokens: { initialManagement: root } },
      ...options,
    },
    testRuntime(runtime),
  );
  const ask: Tested['ask'] = async (method, path, { token = root, body } = {}) => {
    const response = await fetch(`http://127.0.0.1:${agent.address.port}${path}`, {
      method,
      headers: token === '' ? {} : { 'X-Consul-Token': token },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  const ok: Tested['ok'] = async (method, path, asked) => {
    const { status, text } = await ask(method, path, asked);
    assert.equal(status, 200, `${method} ${path}: ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  };
  let policies = 0;
  return {
    rotateRoot: () => agent.rotateRoot(),
    ask,
    ok,
    tokenFor: async (rules) => {
      policies += 1;
      const { ID } = await ok('PUT', '/v1/acl/policy', { body: { Name: `policy-${policies}`, Rules: rules } });
      return await ok('PUT', '/v1/acl/token', { body: { Policies: [{ ID }] } });
    },
    question: (target, source) => ({
      Target: target,
      ClientCertURI: `spiffe://${agent.trustDomain}/ns/default/dc/dc1/svc/${source}`,
    }),
    [Symbol.asyncDispose]: () => agent.close({ signal: AbortSignal.abort() }),
  };
}

function write(service: string): string {
  return `service "${service}" { policy = "write" }`;
}
