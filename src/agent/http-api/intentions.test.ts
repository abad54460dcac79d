/** Intentions through all their doors: the intention endpoints, the config entry and authorize, over one store. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttpServer } from '../../http/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { type Authorizer, mayEverything } from '../acl/authorizer.ts';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { authorizeRoutes } from './authorize-route.ts';
import { configRoutes } from './config-routes.ts';
import type { ApiContext } from './context.ts';
import { intentionRoutes } from './intention-routes.ts';
import { serviceIntentions } from './service-intentions.ts';

const intentions = '/v1/connect/intentions';
const authorize = '/v1/agent/connect/authorize';
const web = 'spiffe://11111111-2222-3333-4444-555555555555.consul/ns/default/dc/dc1/svc/web';

test('an intention is created, shown, changed and deleted by its ID', async () => {
  await using agent = await start();
  const body = { SourceName: 'web', DestinationName: 'db', Action: 'deny', Description: 'd', Meta: { k: 'v' } };
  const { ID: id } = await agent.json('POST', intentions, body);
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);

  const shown = await agent.json('GET', `${intentions}/${id}`);
  assert.deepEqual(Object.keys(shown), [
    ...['CreatedAt', 'UpdatedAt', 'ID', 'Description', 'SourceNS', 'SourceName', 'DestinationNS', 'DestinationName'],
    ...['SourceType', 'Action', 'Meta', 'Precedence', 'Hash', 'CreateIndex', 'ModifyIndex'],
  ]);
  assert.match(shown.CreatedAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/);
  assert.match(shown.Hash, /^[A-Za-z0-9+/]{43}=$/);

  assert.deepEqual(await agent.json('PUT', `${intentions}/${id}`, { ...body, SourceName: '*', Meta: null }), {
    ID: id,
  });
  const changed = await agent.json('GET', `${intentions}/${id}`);
  assert.deepEqual(
    [changed.SourceName, changed.Precedence, changed.Meta, changed.CreateIndex, changed.CreatedAt],
    ['*', 8, undefined, shown.CreateIndex, shown.CreatedAt],
  );
  assert.ok(changed.ModifyIndex > shown.ModifyIndex);
  assert.notEqual(changed.Hash, shown.Hash);

  assert.equal(await agent.json('DELETE', `${intentions}/${id}`), true);
  const gone = await agent.ask('GET', `${intentions}/${id}`);
  assert.deepEqual([gone.status, gone.text, gone.headers.get('x-consul-index')], [404, 'Intention not found', null]);
});

test('a client may send every field of its version, but none that nobody knows', async () => {
  await using agent = await start();
  const body = {
    ID: '',
    Description: '',
    SourceNS: '',
    SourceName: 'web',
    SourcePartition: '',
    SourcePeer: '',
    SourceSamenessGroup: '',
    DestinationNS: '',
    DestinationName: 'db',
    DestinationPartition: '',
    SourceType: '',
    Action: 'allow',
    Permissions: null,
    DefaultAddr: '',
    DefaultPort: 0,
    Meta: null,
    Precedence: 0,
    CreatedAt: '0001-01-01T00:00:00Z',
    UpdatedAt: '0001-01-01T00:00:00Z',
    Hash: null,
    CreateIndex: 0,
    ModifyIndex: 0,
  };
  await agent.json('POST', intentions, body);
  const refused = await agent.ask('POST', intentions, { ...body, Bogus: 1 });
  assert.deepEqual([refused.status, refused.text], [500, 'Failed to decode request body: json: unknown field "Bogus"']);
});

const refusals: readonly [string, string, unknown, number, string | RegExp][] = [
  [
    'POST',
    intentions,
    { ID: 'abc', SourceName: 'a', DestinationName: 'b', Action: 'allow' },
    500,
    'ID must be empty when creating a new intention',
  ],
  ['POST', intentions, '{x', 500, /^Failed to decode request body: invalid character 'x'/],
  [
    'POST',
    intentions,
    { SourceName: 'a', SourcePeer: 'east', DestinationName: 'b', Action: 'allow' },
    500,
    /SourcePeer can only be set in a service-intentions/,
  ],
  [
    'POST',
    `${intentions}?dc=nope`,
    { SourceName: 'a', DestinationName: 'b', Action: 'allow' },
    500,
    'No path to datacenter',
  ],
  [
    'GET',
    `${intentions}/hello`,
    undefined,
    400,
    'Bad request: failed config entry lookup: index error: UUID must be 36 characters',
  ],
  [
    'PUT',
    `${intentions}/hello`,
    { SourceName: 'a', DestinationName: 'b', Action: 'allow' },
    500,
    /^Intention lookup failed: .*UUID must be 36/,
  ],
  ['DELETE', `${intentions}/hello`, undefined, 500, /^Intention lookup failed: .*UUID must be 36/],
  ['GET', `${intentions}/exact`, undefined, 500, `required query parameter 'source' not set`],
  ['GET', `${intentions}/exact?source=a/b/c/d&destination=x`, undefined, 500, /expected name, namespace\/name/],
  ['GET', `${intentions}/match?name=db`, undefined, 500, `required query parameter 'by' not set`],
  [
    'GET',
    `${intentions}/match?by=foo&name=db`,
    undefined,
    500,
    `'by' parameter must be one of 'source' or 'destination'`,
  ],
  ['GET', `${intentions}/match?by=source`, undefined, 500, `required query parameter 'name' not set`],
  ['GET', `${intentions}/check?source=web`, undefined, 500, `required query parameter 'destination' not set`],
  [
    'GET',
    `${intentions}/check?source=web&destination=db&source-type=foo`,
    undefined,
    500,
    'unsupported SourceType: "foo"',
  ],
  [
    'PUT',
    '/v1/config',
    { Kind: 'nope', Name: 'x' },
    400,
    'Bad request: Request decoding failed: invalid config entry kind: nope',
  ],
  [
    'PUT',
    '/v1/config',
    { Kind: 'service-defaults', Name: 'x' },
    501,
    /keeps no config entries of kind "service-defaults"/,
  ],
  ['PUT', '/v1/config', { Name: 'x' }, 400, /does not contain a kind/],
  ['PUT', '/v1/config', '[1', 400, 'Bad request: Request decoding failed: unexpected EOF'],
  ['PUT', '/v1/config?cas=x', { Kind: 'service-intentions', Name: 'x' }, 400, /expected an index in cas/],
  ['PUT', '/v1/config', { Kind: 'service-intentions' }, 500, 'Name is required'],
  ['PUT', '/v1/config', { Kind: 'service-intentions', Name: 'x' }, 500, 'At least one source is required'],
  [
    'PUT',
    '/v1/config',
    { Kind: 'service-intentions', Name: 'x', Sources: [{ Name: 'a' }] },
    500,
    `Sources[0].Action must be set to 'allow' or 'deny'`,
  ],
  [
    'PUT',
    '/v1/config',
    { Kind: 'service-intentions', Name: 'x', Sources: [{ Action: 'allow' }] },
    500,
    'Sources[0].Name must be set',
  ],
  [
    'PUT',
    '/v1/config',
    { Kind: 'service-intentions', Name: 'x', Sources: [{ Name: 'a', LegacyMeta: { k: 'v' }, Action: 'deny' }] },
    500,
    /LegacyMeta must be omitted/,
  ],
  ['PUT', '/v1/config', { Kind: 'service-intentions', Name: 'x', JWT: {} }, 500, /does not check tokens/],
  ['PUT', '/v1/config', { Kind: 'service-intentions', Name: 'x', Bogus: 1 }, 400, /unknown field "Bogus"/],
  ['GET', '/v1/config/nope', undefined, 500, 'invalid config entry kind: nope'],
  [
    'GET',
    '/v1/config/service-intentions/nope',
    undefined,
    404,
    'Config entry not found for "service-intentions" / "nope"',
  ],
  ['POST', authorize, '', 400, 'Bad request: Request decode failed: EOF'],
  ['POST', authorize, { ClientCertURI: web }, 400, 'Bad request: Target service must be specified'],
  ['POST', authorize, { Target: 'db' }, 400, 'Bad request: ClientCertURI not a valid Connect identifier'],
  [
    'POST',
    authorize,
    { Target: 'db', ClientCertURI: 'spiffe://a.consul' },
    400,
    'Bad request: ClientCertURI not a valid Service identifier',
  ],
  [
    'POST',
    authorize,
    { Target: 'db', ClientCertURI: web.replace('/ns', '/ap/x/ns') },
    400,
    'Bad request: Mismatched partitions: "x" != "default"',
  ],
  [
    'POST',
    authorize,
    { Target: 'db', ClientCertURI: web, Foo: 1 },
    400,
    'Bad request: Request decode failed: json: unknown field "Foo"',
  ],
];

test('bad requests are refused with the words that clients know', async () => {
  await using agent = await start();
  for (const [method, path, body, status, expected] of refusals) {
    const { text, ...answer } = await agent.ask(method, path, body);
    const what = `${method} ${path} ${JSON.stringify(body)}: ${text}`;
    assert.equal(answer.status, status, what);
    if (typeof expected === 'string') assert.equal(text, expected, what);
    else assert.match(text, expected, what);
  }
});

test('an intention is found by its names, created by them without an ID, and deleted twice', async () => {
  await using agent = await start();
  const exact = `${intentions}/exact?source=default/web&destination=api`;
  assert.equal(await agent.json('PUT', exact, { Action: 'allow', Description: 'new' }), true);
  const shown = await agent.json('GET', `${intentions}/exact?source=WEB&destination=Api`);
  assert.deepEqual(Object.keys(shown), [
    ...['Description', 'SourceNS', 'SourceName', 'DestinationNS', 'DestinationName'],
    ...['SourceType', 'Action', 'Precedence', 'CreateIndex', 'ModifyIndex'],
  ]);
  assert.equal(await agent.json('DELETE', exact), true);
  assert.equal(await agent.json('DELETE', exact), true);
  assert.equal((await agent.ask('GET', exact)).text, 'Intention not found');
});

test('match gives each name its intentions by precedence, and null where there are none', async () => {
  await using agent = await start();
  assert.deepEqual(await agent.json('GET', `${intentions}/match?by=destination&name=db`), { db: null });
  for (const [source, destination] of [
    ['*', '*'],
    ['web', '*'],
    ['*', 'db'],
    ['web', 'db'],
    ['api', 'cache'],
  ])
    await agent.json('POST', intentions, { SourceName: source, DestinationName: destination, Action: 'allow' });

  const pairs = async (query: string): Promise<Record<string, string[]>> => {
    const found: Record<string, { SourceName: string; DestinationName: string }[]> = await agent.json(
      'GET',
      `${intentions}/match?${query}`,
    );
    return Object.fromEntries(
      Object.entries(found).map(([name, list]) => [name, list.map((i) => `${i.SourceName}>${i.DestinationName}`)]),
    );
  };
  assert.deepEqual(await pairs('by=destination&name=db&name=default/Cache'), {
    db: ['web>db', '*>db', 'web>*', '*>*'],
    'default/Cache': ['api>cache', 'web>*', '*>*'],
  });
  assert.deepEqual(await pairs('by=source&name=WEB'), { WEB: ['web>db', '*>db', 'web>*', '*>*'] });
  assert.deepEqual(await pairs('by=source&name=*'), { '*': ['*>db', '*>*'] });
});

test('a watcher of one destination is woken by its own intentions and those for all, and by nothing else', async () => {
  await using agent = await start();
  const match = `${intentions}/match?by=destination&name=db`;
  const indexNow = async () => Number((await agent.ask('GET', match)).headers.get('x-consul-index'));
  const before = await indexNow();
  await agent.json('PUT', `${intentions}/exact?source=web&destination=cache`, { Action: 'deny' });
  assert.equal(await indexNow(), before);

  for (const destination of ['db', '*']) {
    const index = await indexNow();
    const blocked = agent.ask('GET', `${match}&index=${index}&wait=60s`);
    await agent.json('PUT', `${intentions}/exact?source=web&destination=${destination}`, { Action: 'deny' });
    const woken = await blocked;
    assert.ok(Number(woken.headers.get('x-consul-index')) > index);
    assert.equal(woken.headers.get('x-consul-effective-consistency'), 'leader');
  }
});

const apiEntry = { Kind: 'service-intentions', Name: 'api' };
const apiFrom = (action: string) => ({ SourceName: 'web', DestinationName: 'api', Action: action });

/** Changes of one intention, web to api, which has an ID: each is to show in both views. */
const changes: readonly (readonly [what: string, method: string, path: (id: string) => string, body?: object])[] = [
  ['changed as a config entry', 'PUT', () => '/v1/config', { ...apiEntry, Sources: [{ Name: 'web', Action: 'deny' }] }],
  ['deleted as a config entry', 'DELETE', () => '/v1/config/service-intentions/api'],
  ['changed by its names', 'PUT', () => `${intentions}/exact?source=web&destination=api`, apiFrom('deny')],
  ['deleted by its names', 'DELETE', () => `${intentions}/exact?source=web&destination=api`],
  ['changed by its ID', 'PUT', (id) => `${intentions}/${id}`, apiFrom('deny')],
  ['deleted by its ID', 'DELETE', (id) => `${intentions}/${id}`],
];

for (const [what, method, pathOf, body] of changes)
  test(`an intention that is ${what} wakes who waits for it in either view, with another index and content`, async () => {
    await using agent = await start();
    const { ID: id } = await agent.json('POST', intentions, apiFrom('allow'));
    const views = [
      intentions,
      `${intentions}/match?by=destination&name=api`,
      `${intentions}/match?by=source&name=web`,
      '/v1/config/service-intentions',
      '/v1/config/service-intentions/api',
    ];
    const before = await Promise.all(views.map((view) => agent.ask('GET', view)));
    const exact = `${intentions}/exact?source=web&destination=api`;
    const exactBefore = await agent.ask('GET', exact);
    const indexes = before.map(({ headers }) => Number(headers.get('x-consul-index')));
    const waits = views.map((view, at) =>
      agent.ask('GET', `${view}${view.includes('?') ? '&' : '?'}index=${indexes[at]}&wait=60s`),
    );
    const byId = agent.ask('GET', `${intentions}/${id}?index=${indexes[0]}&wait=60s`);

    await agent.json(method, pathOf(id), body);

    for (const [at, waited] of (await Promise.all(waits)).entries()) {
      const now = await agent.ask('GET', views[at] ?? '');
      assert.ok(Number(waited.headers.get('x-consul-index')) > Number(indexes[at]), views[at]);
      assert.equal(waited.headers.get('x-consul-index'), now.headers.get('x-consul-index'), views[at]);
      assert.equal(waited.text, now.text, views[at]);
      assert.notEqual(waited.text, before[at]?.text, views[at]);
    }
    assert.equal((await byId).text, (await agent.ask('GET', `${intentions}/${id}`)).text);
    const exactNow = await agent.ask('GET', exact);
    assert.notEqual(exactNow.text, exactBefore.text);
    if (exactNow.status === 200) {
      const [old, next] = [JSON.parse(exactBefore.text), JSON.parse(exactNow.text)];
      assert.ok(next.ModifyIndex > old.ModifyIndex);
      assert.notEqual(next.Hash, old.Hash);
    }
  });

test('putting the same again changes no index', async () => {
  await using agent = await start();
  const entry = { kind: 'service-intentions', name: 'api', sources: [{ name: 'web', action: 'allow' }] };
  await agent.json('PUT', '/v1/config', entry);
  const index = (await agent.ask('GET', intentions)).headers.get('x-consul-index');
  assert.equal(await agent.json('PUT', '/v1/config', entry), true);
  assert.equal((await agent.ask('GET', intentions)).headers.get('x-consul-index'), index);
});

test('a config entry is taken in either spelling, and is the same as its intentions', async () => {
  await using agent = await start();
  const snake = {
    kind: 'service-intentions',
    name: 'api',
    meta: { team: 'a' },
    sources: [
      { name: '*', action: 'deny', legacy_id: 'x' },
      {
        name: 'web',
        permissions: [
          { action: 'allow', http: { path_prefix: '/v1', header: [{ name: 'x', ignore_case: true, exact: 'y' }] } },
        ],
      },
    ],
  };
  assert.equal(await agent.json('PUT', '/v1/config', snake), true);
  const permissions = [
    { Action: 'allow', HTTP: { PathPrefix: '/v1', Header: [{ Name: 'x', IgnoreCase: true, Exact: 'y' }] } },
  ];
  const shown = await agent.json('GET', '/v1/config/service-intentions/api');
  const { CreateIndex: _created, ModifyIndex: modified, ...content } = shown;
  assert.deepEqual(content, {
    Kind: 'service-intentions',
    Name: 'api',
    Sources: [
      { Name: 'web', Permissions: permissions, Precedence: 9, Type: 'consul' },
      { Name: '*', Action: 'deny', Precedence: 8, Type: 'consul' },
    ],
    Meta: { team: 'a' },
  });
  assert.deepEqual(await agent.json('GET', '/v1/config/service-intentions'), [shown]);
  assert.equal(await agent.json('PUT', '/v1/config', shown), true);
  assert.equal((await agent.json('GET', '/v1/config/service-intentions/api')).ModifyIndex, modified);

  const [l7] = await agent.json('GET', intentions);
  assert.deepEqual([l7.Permissions, l7.Action, l7.ID, l7.Hash], [permissions, undefined, undefined, undefined]);
  assert.deepEqual(await agent.json('GET', `${intentions}/check?source=web&destination=api`), { Allowed: false });
  assert.deepEqual(await agent.json('DELETE', '/v1/config/service-intentions/api'), {});
  assert.deepEqual(await agent.json('DELETE', '/v1/config/service-intentions/api'), {});
  assert.deepEqual(await agent.json('GET', intentions), []);
});

test('a config entry is written only at the index that was expected', async () => {
  await using agent = await start();
  const put = (cas: number, action: string): Promise<boolean> =>
    agent.json('PUT', `/v1/config?cas=${cas}`, {
      Kind: 'service-intentions',
      Name: 'api',
      Sources: [{ Name: 'web', Action: action }],
    });
  const index = async (): Promise<number> => (await agent.json('GET', '/v1/config/service-intentions/api')).ModifyIndex;
  assert.equal(await put(7, 'allow'), false);
  assert.equal(await put(0, 'allow'), true);
  assert.equal(await put(0, 'deny'), false);
  assert.equal(await put(await index(), 'deny'), true);
  assert.equal(await agent.json('DELETE', '/v1/config/service-intentions/api?cas=1'), false);
  assert.equal(await agent.json('DELETE', `/v1/config/service-intentions/api?cas=${await index()}`), true);
});

test('a reader of one config entry waits for that entry, also for one that is not there yet', async () => {
  await using agent = await start();
  const path = '/v1/config/service-intentions/api';
  const missing = await agent.ask('GET', path);
  assert.equal(missing.status, 404);
  const blocked = agent.json('GET', `${path}?index=${missing.headers.get('x-consul-index')}&wait=60s`);
  await agent.json('PUT', `${intentions}/exact?source=web&destination=db`, { Action: 'deny' });
  await agent.json('PUT', `${intentions}/exact?source=web&destination=api`, { Action: 'deny' });
  assert.equal((await blocked).Name, 'api');
});

test('authorize says which intention decided, and follows each change', async () => {
  await using agent = await start();
  const ask = async (target = 'db', uri = web): Promise<[boolean, string]> => {
    const answer = await agent.json('POST', authorize, {
      Target: target,
      ClientCertURI: uri,
      ClientCertSerial: '04:00',
    });
    return [answer.Authorized, answer.Reason];
  };
  assert.deepEqual(await ask(), [true, 'ACLs disabled, access is allowed by default']);
  const { ID: id } = await agent.json('POST', intentions, { SourceName: 'web', DestinationName: 'db', Action: 'deny' });
  const denied = `Matched L4 intention: default/web => default/db (ID: ${id}, Precedence: 9, Action: DENY)`;
  assert.deepEqual(await ask(), [false, denied]);
  assert.deepEqual(await ask('DB'), [false, denied]);
  assert.deepEqual(await ask('db', web.replace('web', 'WEB')), [false, denied]);
  assert.deepEqual(await ask('db', web.replace(/[0-9]{8}-/, '99999999-').replace('dc1', 'dc9')), [false, denied]);
  assert.equal((await ask('cache'))[0], true);

  await agent.json('PUT', '/v1/config', {
    Kind: 'service-intentions',
    Name: 'db',
    Sources: [{ Name: 'web', Permissions: [{ Action: 'allow', HTTP: { PathPrefix: '/' } }] }],
  });
  assert.deepEqual(await ask(), [
    false,
    'Matched L7 intention: default/web => default/db (Precedence: 9, Permissions: 1)',
  ]);
  await agent.json('PUT', '/v1/config', {
    Kind: 'service-intentions',
    Name: 'db',
    Sources: [{ Name: 'web', Peer: 'east', Action: 'allow' }],
  });
  assert.equal((await ask())[0], false);
  await agent.json('DELETE', '/v1/config/service-intentions/db');
  assert.equal((await ask())[0], true);
});

test('authorize takes its fields in any case, and answers from memory', async () => {
  await using agent = await start();
  const { status, headers } = await agent.ask('POST', authorize, { target: 'db', clientcerturi: web });
  assert.deepEqual(
    [status, headers.get('x-cache'), headers.get('age'), headers.get('x-consul-index')],
    [200, 'HIT', '0', null],
  );
});

test('permissions decide who may read, write and ask', async () => {
  await using agent = await start();
  const named = (names: readonly string[]) => (name: string) => names.includes(name);
  await agent.json('POST', intentions, { SourceName: 'web', DestinationName: 'db', Action: 'allow' });
  const { ID: id } = await agent.json('POST', intentions, { SourceName: 'a', DestinationName: 'b', Action: 'allow' });
  const source = { Name: 'a', Action: 'deny' };
  agent.authorizer = {
    ...mayEverything,
    mayReadIntentions: named(['db', 'web']),
    mayWriteIntentions: named(['db']),
    mayReadService: named(['db']),
    mayWriteService: named(['db']),
  };

  assert.equal((await agent.json('GET', intentions)).length, 1);
  await agent.json('GET', `${intentions}/match?by=destination&name=db`);
  await agent.json('POST', authorize, { Target: 'db', ClientCertURI: web });
  const denials: readonly [missing: string, method: string, path: string, body?: object][] = [
    ['intentions:read', 'GET', `${intentions}/${id}`],
    ['intentions:write', 'PUT', `${intentions}/${id}`, { SourceName: 'a', DestinationName: 'b', Action: 'deny' }],
    ['intentions:write', 'DELETE', `${intentions}/${id}`],
    ['intentions:read', 'GET', `${intentions}/exact?source=a&destination=b`],
    ['intentions:write', 'PUT', `${intentions}/exact?source=a&destination=b`, { Action: 'deny' }],
    ['intentions:write', 'DELETE', `${intentions}/exact?source=a&destination=b`],
    ['intentions:write', 'POST', intentions, { SourceName: 'db', DestinationName: 'b', Action: 'allow' }],
    ['intentions:read', 'GET', `${intentions}/match?by=destination&name=db&name=b`],
    ['service:read', 'GET', `${intentions}/check?source=a&destination=b`],
    ['intentions:read', 'GET', '/v1/config/service-intentions/b'],
    ['intentions:write', 'PUT', '/v1/config', { Kind: 'service-intentions', Name: 'b', Sources: [source] }],
    ['intentions:write', 'DELETE', '/v1/config/service-intentions/b'],
    ['service:write', 'POST', authorize, { Target: 'b', ClientCertURI: web }],
  ];
  for (const [missing, method, path, body] of denials) {
    const { status, text } = await agent.ask(method, path, body);
    assert.deepEqual([status, text], [403, `Permission denied: Missing ${missing} on b`], `${method} ${path}`);
  }
  assert.deepEqual((await agent.json('GET', '/v1/config/service-intentions')).length, 1);
  const match = await agent.ask('GET', `${intentions}/match?by=destination&name=b`);
  assert.deepEqual([match.headers.get('x-consul-index'), match.headers.get('x-consul-knownleader')], ['1', 'false']);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

interface Agent extends AsyncDisposable {
  /** What the next requests may do. */
  authorizer: Authorizer;
  /** A string goes out as it is, anything else as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<Answer>;
  /** The JSON of an answer that must be 200. */
  // biome-ignore lint/suspicious/noExplicitAny: what the test reads next checks it
  json(method: string, path: string, body?: unknown): Promise<any>;
}

async function start(): Promise<Agent> {
  const runtime = testRuntime();
  const store = new Store(memoryStorage());
  const context: ApiContext = {
    store,
    runtime,
    datacenter: 'dc1',
    nodeName: 'node-1',
    intentionDefault: { allow: true, reason: 'ACLs disabled, access is allowed by default' },
    defaultPolicy: 'allow',
    authorizerFor: () => agent.authorizer,
    authorizerOf: () => agent.authorizer,
    tokenOf: () => '',
  };
  const routes = [
    ...intentionRoutes(context),
    ...authorizeRoutes(context),
    ...configRoutes(context, [serviceIntentions]),
  ];
  const server = await startHttpServer({ routes, listen: { host: '127.0.0.1', port: 0 } }, runtime);
  const { port } = server.address as { port: number };
  const agent: Agent = {
    authorizer: mayEverything,
    ask: async (method, path, body) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method,
        ...(text === undefined ? {} : { body: text }),
      });
      return { status: response.status, headers: response.headers, text: await response.text() };
    },
    json: async (method, path, body) => {
      const answer = await agent.ask(method, path, body);
      assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`);
      return JSON.parse(answer.text);
    },
    [Symbol.asyncDispose]: async () => {
      await server.close({ signal: AbortSignal.abort() });
      store.close();
    },
  };
  return agent;
}
