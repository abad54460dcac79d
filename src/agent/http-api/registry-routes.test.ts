import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startHttpServer } from '../../http/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { type Authorizer, mayEverything } from '../acl/authorizer.ts';
import { parseAgentConfig } from '../config.ts';
import { enterOwnNode } from '../own-node.ts';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { registryRoutes } from './registry-routes.ts';

test('the agent itself is in the catalog and never among its own registrations', async () => {
  await using agent = await start();
  assert.deepEqual(await agent.get('/v1/agent/services'), {});
  assert.deepEqual(await agent.get('/v1/agent/checks'), {});
  assert.deepEqual(await agent.get('/v1/catalog/services'), { consul: [] });
  const [serfHealth] = await agent.get('/v1/health/node/node-1');
  assert.deepEqual([serfHealth.CheckID, serfHealth.Status], ['serfHealth', 'passing']);
  for (const path of ['service/deregister/consul', 'check/deregister/serfHealth']) {
    assert.equal((await agent.ask('PUT', `/v1/agent/${path}`)).status, 200);
  }
  for (const body of [
    { Node: 'node-1' },
    { Node: 'node-1', ServiceID: 'consul' },
    { Node: 'node-1', CheckID: 'serfHealth' },
  ]) {
    assert.equal(await agent.put('/v1/catalog/deregister', body), true);
  }
  assert.deepEqual(await agent.get('/v1/catalog/services'), { consul: [] });
  assert.equal((await agent.get('/v1/health/node/node-1')).length, 1);
});

test('every field that any version of a client sends is accepted, an unknown one is refused by name', async () => {
  await using agent = await start();
  const check = {
    CheckID: '',
    ID: '',
    Name: '',
    Args: null,
    DockerContainerID: '',
    Shell: '',
    Interval: '0s',
    Timeout: 0,
    TTL: '10s',
    HTTP: '',
    Header: null,
    Method: '',
    Body: '',
    TCP: '',
    TCPUseTLS: false,
    UDP: '',
    Status: '',
    Notes: '',
    TLSServerName: '',
    TLSSkipVerify: false,
    GRPC: '',
    GRPCUseTLS: false,
    H2PING: '',
    H2PingUseTLS: false,
    AliasNode: '',
    AliasService: '',
    SuccessBeforePassing: 0,
    FailuresBeforeWarning: 0,
    FailuresBeforeCritical: 0,
    DisableRedirects: false,
    OSService: '',
    DeregisterCriticalServiceAfter: '0s',
    OutputMaxSize: 0,
    ProxyHTTP: '',
    ProxyGRPC: '',
    ExposedPort: 0,
  };
  const upstream = {
    DestinationType: 'service',
    DestinationPartition: '',
    DestinationPeer: '',
    DestinationNamespace: '',
    DestinationName: 'db',
    Datacenter: '',
    LocalBindAddress: '',
    LocalBindPort: 1,
    LocalBindSocketPath: '',
    LocalBindSocketMode: '',
    Config: null,
    MeshGateway: { Mode: '' },
    CentrallyConfigured: false,
  };
  const proxy = {
    DestinationServiceName: '',
    DestinationServiceID: '',
    LocalServiceAddress: '',
    LocalServicePort: 0,
    LocalServiceSocketPath: '',
    Mode: '',
    TransparentProxy: { OutboundListenerPort: 0, DialedDirectly: false },
    MutualTLSMode: '',
    Config: {},
    Upstreams: [upstream],
    MeshGateway: {},
    Expose: { Checks: false, Paths: null },
    AccessLogs: {},
    EnvoyExtensions: [],
  };
  const service = {
    Kind: '',
    ID: '',
    Name: 'web',
    Tags: null,
    Port: 1,
    Ports: null,
    Address: '',
    SocketPath: '',
    TaggedAddresses: {},
    EnableTagOverride: false,
    Meta: null,
    Weights: { Passing: 1, Warning: 1 },
    Check: null,
    Checks: [check],
    Token: '',
    Namespace: '',
    Partition: '',
    Locality: null,
  };
  const sidecar = { ...service, Name: '', Port: 0, Checks: [], Connect: null, Proxy: proxy };
  await agent.put('/v1/agent/service/register', {
    ...service,
    Proxy: null,
    Connect: { Native: false, Proxy: { Command: ['x'] }, Bogus: 1, SidecarService: sidecar },
  });
  assert.deepEqual(Object.keys(await agent.get('/v1/agent/services')), ['web', 'web-sidecar-proxy']);
  const refused = await agent.ask('PUT', '/v1/agent/service/register', { Name: 'x', Proxy: { Bogus: 1 } });
  assert.deepEqual([refused.status, refused.text], [400, 'Request decode failed: json: unknown field "Bogus"']);
});

test('snake case is understood, and opaque values stay as they are', async () => {
  await using agent = await start();
  const config = { local_bind_port: 1, exact: 0.5, big: 2 ** 53 };
  await agent.put('/v1/agent/service/register', {
    name: 'web',
    kind: 'connect-proxy',
    port: 1,
    enable_tag_override: true,
    proxy: {
      destination_service_name: 'db',
      local_service_port: 2,
      config,
      upstreams: [{ destination_name: 'x', local_bind_port: 3, config }],
    },
    check: { check_id: 'c', alias_service: 'web' },
  });
  const { web } = await agent.get('/v1/agent/services');
  assert.equal(web.EnableTagOverride, true);
  assert.deepEqual(web.Proxy, {
    DestinationServiceName: 'db',
    LocalServicePort: 2,
    Config: config,
    Upstreams: [
      { DestinationType: 'service', DestinationName: 'x', LocalBindPort: 3, Config: config, MeshGateway: {} },
    ],
    MeshGateway: {},
    Expose: {},
  });
  assert.equal((await agent.get('/v1/agent/checks')).c.Type, 'alias');
});

test('registering again changes no index, and one registration is one step', async () => {
  await using agent = await start();
  const web = { Name: 'web', Port: 1, Checks: [{ TTL: '30s' }, { TTL: '30s' }], Connect: { SidecarService: {} } };
  const before = agent.store.index;
  await agent.put('/v1/agent/service/register', web);
  assert.equal(agent.store.index, before + 1);
  await agent.put('/v1/agent/service/register', web);
  assert.equal(agent.store.index, before + 1);
});

test('a watcher of a service wakes for its proxies and their checks, and for nothing else', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/service/register', {
    Name: 'db',
    Port: 1,
    Connect: { SidecarService: { Checks: [{ CheckID: 'alive', TTL: '1h', Status: 'passing' }] } },
  });
  const first = await agent.ask('GET', '/v1/health/connect/DB?passing');
  const index = first.headers.get('x-consul-index');
  assert.equal(first.json.length, 1);

  const waiting = agent.ask('GET', `/v1/health/connect/db?passing&index=${index}&wait=60s`);
  await agent.put('/v1/agent/service/register', { Name: 'elsewhere', Port: 1, Check: { TTL: '1h' } });
  await agent.put('/v1/agent/check/pass/service:elsewhere');
  assert.equal((await agent.ask('GET', '/v1/health/connect/db')).headers.get('x-consul-index'), index);
  await agent.put('/v1/agent/check/fail/alive');
  const woken = await waiting;
  assert.deepEqual(woken.json, []);
  assert.ok(Number(woken.headers.get('x-consul-index')) > Number(index));
});

test('the hash of a registration wakes on its change and on its end only', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 1, Check: { TTL: '1h' } });
  const hash = async (): Promise<string> => (await agent.get('/v1/agent/service/web')).ContentHash;
  const first = await hash();
  assert.match(first, /^[0-9a-f]{1,16}$/);
  const waiting = agent.ask('GET', `/v1/agent/service/web?hash=${first}&wait=60s`);
  await agent.put('/v1/agent/check/pass/service:web');
  assert.equal(await hash(), first);
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 2 });
  assert.equal((await waiting).json.Port, 2);

  const leaving = agent.ask('GET', `/v1/agent/service/web?hash=${await hash()}&wait=60s`);
  await agent.put('/v1/agent/service/deregister/web');
  const gone = await leaving;
  assert.deepEqual([gone.status, gone.text], [404, 'unknown service ID: web']);
});

test('checks outlive a registration without them, unless they are to be replaced', async () => {
  await using agent = await start();
  const web = (...ids: string[]): object => ({
    Name: 'web',
    Port: 1,
    Checks: ids.map((CheckID) => ({ CheckID, TTL: '1h' })),
  });
  await agent.put('/v1/agent/service/register', web('a', 'b'));
  await agent.put('/v1/agent/service/register', web('a'));
  assert.deepEqual(Object.keys(await agent.get('/v1/agent/checks')), ['a', 'b']);
  await agent.put('/v1/agent/service/register?replace-existing-checks=true', web('a'));
  assert.deepEqual(Object.keys(await agent.get('/v1/agent/checks')), ['a']);
  await agent.put('/v1/agent/service/deregister/web');
  assert.equal((await agent.ask('PUT', '/v1/agent/check/deregister/a')).status, 200);
});

test('Check and Checks count together, and node checks come before service checks, each by ID', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/check/register', { ID: 'zz-node', Name: 'n', TTL: '1h' });
  await agent.put('/v1/agent/service/register', {
    Name: 'web',
    Port: 1,
    Tags: ['t'],
    Check: { TTL: '1h' },
    Checks: [
      { CheckID: 'b', TTL: '1h' },
      { CheckID: 'a', TTL: '1h' },
    ],
  });
  const [entry] = await agent.get('/v1/health/service/web');
  assert.deepEqual(
    entry.Checks.map(({ CheckID }: { CheckID: string }) => CheckID),
    ['serfHealth', 'zz-node', 'a', 'b', 'service:web:1'],
  );
  const check = entry.Checks.at(-1);
  assert.deepEqual(
    [check.Name, check.Status, check.Output, check.Type, check.ServiceName, check.ServiceTags],
    ["Service 'web' check", 'critical', '', 'ttl', 'web', ['t']],
  );
});

test('maintenance is a critical check with its reason, and ends', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 1 });
  await agent.put('/v1/agent/service/maintenance/web?enable=true&reason=update');
  const check = (await agent.get('/v1/agent/checks'))['_service_maintenance:web'];
  assert.deepEqual(
    [check.Name, check.Status, check.Notes, check.Type],
    ['Service Maintenance Mode', 'critical', 'update', 'maintenance'],
  );
  const health = await agent.ask('GET', '/v1/agent/health/service/id/web');
  assert.deepEqual([health.status, health.json.AggregatedStatus], [503, 'maintenance']);
  await agent.put('/v1/agent/service/maintenance/web?enable=false');
  await agent.put('/v1/agent/maintenance?enable=true');
  assert.deepEqual(Object.keys(await agent.get('/v1/agent/checks')), ['_node_maintenance']);
  assert.deepEqual(await agent.get('/v1/health/service/web?passing'), []);
  await agent.put('/v1/agent/maintenance?enable=false');
  assert.equal((await agent.get('/v1/health/service/web?passing')).length, 1);
});

test('the agent’s health of several instances is that of the worst', async () => {
  await using agent = await start();
  for (const [id, status] of [
    ['a', 'passing'],
    ['b', 'warning'],
  ]) {
    await agent.put('/v1/agent/service/register', {
      ID: id,
      Name: 'web',
      Port: 1,
      Check: { TTL: '1h', Status: status },
    });
  }
  const health = await agent.ask('GET', '/v1/agent/health/service/name/web');
  assert.deepEqual([health.status, health.headers.get('x-consul-reason'), health.json.length], [429, 'warning', 2]);
  const unknown = await agent.ask('GET', '/v1/agent/health/service/id/nope');
  assert.deepEqual([unknown.status, unknown.json.Service], [404, null]);
});

test('all tags and node metadata that are asked for must match', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 1, Tags: ['V1', 'primary'] });
  const counts: Record<string, number> = {
    'tag=v1&tag=PRIMARY': 1,
    'tag=v1&tag=other': 0,
    'tag=': 0,
    'node-meta=os:linux': 1,
    'node-meta=os:linux&node-meta=os:bsd': 0,
  };
  for (const [query, count] of Object.entries(counts)) {
    assert.equal((await agent.get(`/v1/health/service/web?${query}`)).length, count, query);
    assert.equal((await agent.get(`/v1/catalog/service/web?${query}`)).length, count, query);
  }
});

test('the catalog keeps what others register as it came', async () => {
  await using agent = await start();
  const proxy = {
    DestinationServiceName: 'db',
    Mode: 'transparent',
    TransparentProxy: { OutboundListenerPort: 1 },
    Config: { ratio: 0.5 },
    Upstreams: [{ DestinationName: 'x', LocalBindPort: 1 }],
  };
  const body = {
    Node: 'ext',
    Address: '192.0.2.10',
    NodeMeta: { os: 'bsd' },
    Service: { ID: 'p1', Service: 'db-proxy', Kind: 'connect-proxy', Port: 99, Proxy: proxy },
    Check: {
      Name: 'up',
      Status: 'passing',
      ServiceID: 'p1',
      Definition: {
        HTTP: 'http://x',
        Interval: '10s',
        IntervalDuration: 10_000_000_000,
        Timeout: '0s',
        TLSSkipVerify: false,
      },
    },
  };
  assert.equal(await agent.put('/v1/catalog/register', body), true);
  const index = agent.store.index;
  assert.equal(await agent.put('/v1/catalog/register', body), true);
  assert.equal(agent.store.index, index, 'the same again changes no index');

  const [entry] = await agent.get('/v1/health/connect/db');
  assert.equal(entry.Node.Node, 'ext');
  assert.deepEqual(entry.Service.Proxy, {
    DestinationServiceName: 'db',
    Mode: 'transparent',
    TransparentProxy: { OutboundListenerPort: 1 },
    Config: { ratio: 0.5 },
    Upstreams: [{ DestinationName: 'x', Datacenter: '', LocalBindPort: 1, MeshGateway: {} }],
    MeshGateway: {},
    Expose: {},
  });
  const [check] = entry.Checks;
  assert.deepEqual(
    [check.CheckID, check.ServiceName, check.Definition],
    ['up', 'db-proxy', { HTTP: 'http://x', Interval: '10s' }],
  );

  assert.equal(
    await agent.put('/v1/catalog/register', { Node: 'ext', SkipNodeUpdate: true, Service: { Service: 'other' } }),
    true,
  );
  assert.equal((await agent.get('/v1/catalog/node/ext')).Node.Address, '192.0.2.10');
  assert.deepEqual(Object.keys((await agent.get('/v1/catalog/node/EXT')).Services), ['other', 'p1']);
  assert.equal(await agent.put('/v1/catalog/deregister', { Node: 'ext', ServiceID: 'p1' }), true);
  assert.deepEqual(await agent.get('/v1/health/connect/db'), []);
  assert.equal(await agent.put('/v1/catalog/deregister', { Node: 'ext' }), true);
  assert.equal(await agent.get('/v1/catalog/node/ext'), null);
});

test('a node that was registered without meta has none, one with empty meta has that', async () => {
  await using agent = await start();
  for (const [NodeMeta, shown] of [
    [undefined, null],
    [{}, {}],
    [{ os: 'bsd' }, { os: 'bsd' }],
  ]) {
    await agent.put('/v1/catalog/register', { Node: 'ext', Address: '10.0.0.1', NodeMeta, Service: { Service: 'x' } });
    assert.deepEqual((await agent.get('/v1/catalog/service/x'))[0].NodeMeta, shown);
    assert.deepEqual((await agent.get('/v1/catalog/node/ext')).Node.Meta, shown);
  }
  assert.deepEqual(await agent.get('/v1/catalog/nodes?node-meta=os:plan9'), []);
  assert.deepEqual(await agent.get('/v1/catalog/node-services/nowhere'), { Node: null, Services: null });
});

test('the catalog refuses what hangs in the air, and leaves the agent’s own registrations alone', async () => {
  await using agent = await start();
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 1 });
  const refused: readonly (readonly [object, string])[] = [
    [{ Address: '10.0.0.1' }, 'Must provide node'],
    [{ Node: 'ext' }, 'Must provide address if SkipNodeUpdate is not set'],
    [{ Node: 'ext', SkipNodeUpdate: true }, 'Missing node registration'],
    [{ Node: 'ext', Address: '10.0.0.1', Check: { CheckID: 'c', ServiceID: 'nope' } }, 'Missing service registration'],
    [{ Node: 'ext', Address: '10.0.0.1', Service: { ID: 'x' } }, 'Must provide service name with ID'],
    [{ Node: 'ext', Address: '10.0.0.1', Service: {} }, 'Must provide service name'],
    [{ Node: 'ext', Address: '10.0.0.1', ID: 'nope' }, 'Bad node ID: uuid string is wrong length'],
    [{ Node: 'ext', Address: '10.0.0.1', ID: 'x'.repeat(36) }, 'Bad node ID: uuid is improperly formatted'],
    [
      { Node: 'ext', Address: '10.0.0.1', Service: { Service: 'p', Kind: 'connect-proxy', Port: 1 } },
      '1 error occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n\n',
    ],
    [{ Node: 'ext', Address: '10.0.0.1', Datacenter: 'dc9' }, 'No path to datacenter'],
  ];
  for (const [body, text] of refused) {
    const answer = await agent.ask('PUT', '/v1/catalog/register', body);
    assert.deepEqual([answer.status, answer.text], [500, text]);
  }
  assert.equal((await agent.get('/v1/catalog/nodes')).length, 1);
  await agent.put('/v1/catalog/register', {
    Node: 'node-1',
    Address: '10.9.9.9',
    Service: { ID: 'web', Service: 'web', Port: 2 },
  });
  const [web] = await agent.get('/v1/catalog/service/web');
  assert.deepEqual([web.Address, web.ServicePort], ['127.0.0.1', 1]);
});

test('a token sees and changes what it may, and is told what it lacks', async () => {
  const may = (name: string): boolean => name.startsWith('web');
  const authorizer: Authorizer = {
    ...mayEverything,
    mayReadService: may,
    mayWriteService: may,
    mayWriteNode: () => false,
    mayReadNode: () => true,
  };
  await using agent = await start();
  await agent.put('/v1/agent/service/register', { Name: 'db', Port: 1, Check: { CheckID: 'db-alive', TTL: '1h' } });
  await agent.put('/v1/agent/service/register', { Name: 'web', Port: 1, Check: { CheckID: 'web-alive', TTL: '1h' } });
  agent.authorizer = authorizer;

  assert.deepEqual(Object.keys(await agent.get('/v1/agent/services')), ['web']);
  assert.deepEqual(Object.keys(await agent.get('/v1/agent/checks')), ['web-alive']);
  assert.deepEqual(await agent.get('/v1/health/service/db'), []);
  assert.deepEqual(await agent.get('/v1/catalog/services'), { web: [] });
  assert.deepEqual(
    await agent.get('/v1/health/state/any').then((checks) => checks.map(({ CheckID }: { CheckID: string }) => CheckID)),
    ['serfHealth', 'web-alive'],
  );

  const denied: readonly (readonly [string, string, object | undefined, string])[] = [
    ['GET', '/v1/agent/service/db', undefined, 'service:read on db'],
    ['GET', '/v1/agent/health/service/name/db', undefined, 'service:read on db'],
    ['PUT', '/v1/agent/service/register', { Name: 'db' }, 'service:write on db'],
    ['PUT', '/v1/agent/service/register', { ID: 'db', Name: 'web' }, 'service:write on db'],
    [
      'PUT',
      '/v1/agent/service/register',
      { Name: 'web-proxy', Kind: 'connect-proxy', Port: 1, Proxy: { DestinationServiceName: 'db' } },
      'service:write on db',
    ],
    ['PUT', '/v1/agent/service/deregister/db', undefined, 'service:write on db'],
    ['PUT', '/v1/agent/service/maintenance/db?enable=true', undefined, 'service:write on db'],
    ['PUT', '/v1/agent/check/pass/db-alive', undefined, 'service:write on db'],
    ['PUT', '/v1/agent/check/deregister/db-alive', undefined, 'service:write on db'],
    ['PUT', '/v1/agent/check/register', { Name: 'n', TTL: '1h' }, 'node:write on node-1'],
    ['PUT', '/v1/agent/maintenance?enable=true', undefined, 'node:write on node-1'],
    ['PUT', '/v1/catalog/register', { Node: 'ext', Address: '10.0.0.1' }, 'node:write on ext'],
    ['PUT', '/v1/catalog/deregister', { Node: 'ext' }, 'node:write on ext'],
  ];
  for (const [method, path, body, missing] of denied) {
    const answer = await agent.ask(method, path, body);
    assert.deepEqual([answer.status, answer.text], [403, `Permission denied: Missing ${missing}`], `${method} ${path}`);
  }
  await agent.put('/v1/agent/check/pass/web-alive');
  await agent.put('/v1/agent/service/deregister/nobody');
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  readonly json: any;
}

interface Agent extends AsyncDisposable {
  readonly store: Store;
  authorizer: Authorizer;
  ask(method: string, path: string, body?: object): Promise<Answer>;
  /** Their status must be 200. */
  get(path: string): Promise<Answer['json']>;
  put(path: string, body?: object): Promise<Answer['json']>;
}

async function start(): Promise<Agent> {
  const runtime = testRuntime();
  const store = new Store(memoryStorage());
  await enterOwnNode(store, parseAgentConfig({ dev: true, nodeName: 'node-1', nodeMeta: { os: 'linux' } }));
  const routes = registryRoutes({
    store,
    runtime,
    datacenter: 'dc1',
    nodeName: 'node-1',
    intentionDefault: { allow: true, reason: '' },
    defaultPolicy: 'allow',
    authorizerFor: () => agent.authorizer,
    authorizerOf: () => agent.authorizer,
    tokenOf: () => '',
  });
  const server = await startHttpServer({ routes, listen: { host: '127.0.0.1', port: 0 } }, runtime);
  const { port } = server.address as { port: number };
  const ask: Agent['ask'] = async (method, path, body) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      method,
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
  };
  const expectOk = async (method: string, path: string, body?: object): Promise<Answer['json']> => {
    const answer = await ask(method, path, body);
    assert.equal(answer.status, 200, `${method} ${path}: ${answer.text}`);
    return answer.json;
  };
  const agent: Agent = {
    store,
    authorizer: mayEverything,
    ask,
    get: (path) => expectOk('GET', path),
    put: (path, body) => expectOk('PUT', path, body),
    [Symbol.asyncDispose]: async () => {
      await server.close({ signal: AbortSignal.abort() });
      store.close();
    },
  };
  return agent;
}
