/**
 * The npm `consul` client on our agent. That each call answers as on the real agent is for consul/npm-consul-client.test.ts; here is what
 * needs no real one: watches, tokens, and what the agent does not have.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import Consul from 'consul';
import { type AgentOptions, startAgent } from '../agent/index.ts';
import { startOurAgent, testRuntime } from '../testing/index.ts';
import { unavailable } from './npm-client/calls.ts';

test('a service that is registered is found with its tags, meta and checks until it is deregistered', async () => {
  await using mesh = await openMesh();
  const { consul } = mesh;
  await consul.agent.service.register({
    name: 'web',
    port: 8080,
    tags: ['blue'],
    meta: { env: 'test' },
    check: { name: 'alive', ttl: '60s', timeout: '1s' },
  });
  assert.deepEqual(await consul.health.service({ service: 'web', passing: true }), []);
  await consul.agent.check.pass({ id: 'service:web', note: 'fine' });
  const [entry] = await consul.health.service({ service: 'web', passing: true });
  assert.deepEqual(
    { port: entry.Service.Port, tags: entry.Service.Tags, meta: entry.Service.Meta, output: entry.Checks[1].Output },
    { port: 8080, tags: ['blue'], meta: { env: 'test' }, output: 'fine' },
  );
  await consul.agent.service.deregister('web');
  assert.deepEqual(Object.keys(await consul.agent.service.list()), []);
  assert.deepEqual(await consul.health.service('web'), []);
});

test('a watch tells what is there, then each change, and nothing once it has ended', async () => {
  await using mesh = await openMesh();
  const { consul } = mesh;
  const watch = mesh.watch(consul.health.service, { service: 'web' });
  watch.on('error', assert.ifError);
  const tells = async () => (await once(watch, 'change'))[0].map((entry: Entry) => entry.Service.Port);
  assert.deepEqual(await tells(), []);

  for (const port of [8080, 8081]) {
    const next = tells();
    await consul.agent.service.register({ name: 'web', port });
    assert.deepEqual(await next, [port]);
  }
  const next = tells();
  await consul.agent.service.deregister('web');
  assert.deepEqual(await next, []);

  const ended = once(watch, 'end');
  watch.end();
  await ended;
  assert.equal(watch.isRunning(), false);
  watch.on('change', () => assert.fail('a watch that has ended tells no more'));
  await consul.agent.service.register({ name: 'web', port: 8082 });
});

for (const [name, options, methodOf, change] of [
  [
    'catalog.service.list',
    {},
    (consul) => consul.catalog.service.list,
    (consul) => consul.agent.service.register('db'),
  ],
  [
    'catalog.node.list',
    {},
    (consul) => consul.catalog.node.list,
    (consul) => consul.catalog.register({ node: 'n', address: '192.0.2.1' }),
  ],
  ['catalog.connect.nodes', { service: 'db' }, (consul) => consul.catalog.connect.nodes, native],
  ['health.state', { state: 'critical' }, (consul) => consul.health.state, (consul) => consul.agent.maintenance(true)],
  ['health.node', { node: 'ours' }, (consul) => consul.health.node, (consul) => consul.agent.maintenance(true)],
] satisfies [string, Record<string, string>, (consul: Consul) => object, (consul: Consul) => Promise<unknown>][])
  test(`a watch on ${name} hears of a change`, async () => {
    await using mesh = await openMesh();
    const { consul } = mesh;
    const watch = mesh.watch(methodOf(consul), options);
    watch.on('error', assert.ifError);
    const [first] = await once(watch, 'change');
    const next = once(watch, 'change');
    await change(consul);
    assert.notDeepEqual((await next)[0], first);
  });

test('a watch outlives its agent: it reports the outage, and tells of changes after the restart', async () => {
  await using agent = await startOurAgent();
  using client = consulAt(agent.port);
  const { consul } = client;
  await consul.agent.service.register({ name: 'web', port: 8080 });
  const watch = client.watch(consul.health.service, { service: 'web' }, { backoffFactor: 1, backoffMax: 20 });
  const outage = once(watch, 'error').catch((error: unknown) => [error]);
  watch.on('error', () => {}); // each further attempt while the agent is away
  await once(watch, 'change');

  await agent.kill9();
  const [error] = await outage;
  assert.match(String(error.code), /ECONNRE(SET|FUSED)/);
  assert.equal(watch.isRunning(), true);
  await agent.restart();

  await consul.agent.service.register({ name: 'web', port: 8081 });
  for (let port = 8080; port !== 8081; ) port = (await once(watch, 'change'))[0][0].Service.Port;
});

test('a watch on what has no index says so and ends', async () => {
  await using mesh = await openMesh();
  const { consul } = mesh;
  const ended = Promise.withResolvers<void>();
  const told = Promise.withResolvers<Error>();
  const watch = mesh.watch(consul.agent.members, {});
  watch.on('end', ended.resolve).on('error', told.resolve);
  assert.match((await told.promise).message, /Watch not supported/);
  await ended.promise;
});

test('with ACLs, the client bootstraps and its token decides', async () => {
  await using mesh = await openMesh({ acl: { enabled: true, defaultPolicy: 'deny' } });
  const { consul } = mesh;
  const { SecretID: token } = await consul.acl.bootstrap();
  assert.match(token, /^[0-9a-f-]{36}$/);
  await assert.rejects(consul.acl.bootstrap(), { statusCode: 403, message: /no longer allowed/ });
  await assert.rejects(consul.agent.service.register('web'), { statusCode: 403, message: /Permission denied/ });
  await consul.agent.service.register({ name: 'web', token });
  assert.deepEqual(Object.keys(await consul.catalog.services()), []);
  assert.deepEqual(Object.keys(await consul.catalog.services({ token })), ['consul', 'web']);
  assert.equal((await consul.acl.replication({ token } as never)).Enabled, false);

  using withDefault = consulAt(mesh.port, { token });
  assert.deepEqual(Object.keys(await withDefault.consul.agent.service.list()), ['web']);
});

test('what the agent does not have is refused with 501 and a sentence that says what it takes', async () => {
  await using mesh = await openMesh();
  for (const [name, call] of Object.entries(unavailable))
    await assert.rejects(
      call(mesh.consul),
      { statusCode: 501, message: /this agent has no .+; it takes a Consul cluster/ },
      name,
    );
});

type Watch = ReturnType<Consul['watch']>;

interface Entry {
  readonly Service: { readonly Port: number };
}

function native(consul: Consul): Promise<unknown> {
  // The client's types demand a sidecar here; Consul does not.
  return consul.agent.service.register({ name: 'db', connect: { native: true } as never });
}

/** An agent in this process, and the client on it. */
async function openMesh(options: Partial<AgentOptions> = {}) {
  const agent = await startAgent(
    { dev: true, nodeName: 'ours', http: [{ host: '127.0.0.1', port: 0 }], ...options },
    testRuntime(),
  );
  const { port } = agent.address;
  const client = consulAt(port);
  return {
    port,
    consul: client.consul,
    watch: client.watch,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await agent.close();
    },
  };
}

function consulAt(port: number, defaults?: { readonly token: string }) {
  const consul = new Consul({ host: '127.0.0.1', port, ...(defaults && { defaults }) });
  const watches: Watch[] = [];
  const watch = (method: object, options: Record<string, string>, more = {}): Watch => {
    const started = consul.watch({ method: method as () => void, options, ...more });
    watches.push(started);
    return started;
  };
  return {
    consul,
    watch,
    [Symbol.dispose]: () => {
      for (const started of watches) started.end();
      consul.destroy();
    },
  };
}
