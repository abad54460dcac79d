import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockingQuery, ConsulClient, HealthService, ServiceEntry } from '../api/index.ts';
import { Cell } from '../base/index.ts';
import { FakeClock } from '../mesh/fake-clock.ts';
import type { Instance, Roots } from '../mtls/index.ts';
import { testRuntime } from '../testing/index.ts';
import { Problems } from './problems.ts';
import { instancesOf, startResolution } from './resolver.ts';

const node = { Node: 'n1', Address: '10.0.0.1', Datacenter: 'dc1' };
const proxy = {
  ID: 'api-proxy',
  Service: 'api-proxy',
  Address: '',
  Port: 20_000,
  Proxy: { DestinationServiceName: 'api' },
};

test('a sidecar is dialled at its own address, else at that of its node, and must prove its destination', () => {
  const there = [entry(proxy), entry({ ...proxy, ID: 'api-proxy-2', Address: '10.0.0.2' })];
  const [one, two] = instancesOf(there, 't.consul');
  assert.deepEqual(one, {
    id: 'n1/api-proxy',
    host: '10.0.0.1',
    port: 20_000,
    spiffeId: 'spiffe://t.consul/ns/default/dc/dc1/svc/api',
    weight: 1,
  });
  assert.equal(two?.host, '10.0.0.2');
});

test('a native service proves its own name, one of another datacenter that datacenter; weights are those of passing ones', () => {
  const native: HealthService = { ID: 'api-1', Service: 'api', Address: '', Port: 8443, Connect: { Native: true } };
  const there = entry({ ...native, Weights: { Passing: 7, Warning: 1 } }, { ...node, Datacenter: 'dc2' });
  const [instance] = instancesOf([there], 't.consul');
  assert.equal(instance?.spiffeId, 'spiffe://t.consul/ns/default/dc/dc2/svc/api');
  assert.equal(instance?.weight, 7);
});

test('what has no identity to prove or no port to dial is left out', () => {
  const { Proxy: _, ...plain } = proxy;
  const none: readonly ServiceEntry[] = [
    entry(plain),
    entry({ ...proxy, Port: 0 }),
    entry({ ...proxy, Port: 70_000 }),
    entry({ ...proxy, PeerName: 'other-cluster' }),
    entry({ ...proxy, Proxy: { DestinationServiceName: 'a/b' } }),
    entry({ ...proxy, Proxy: { DestinationServiceName: '\ud800' } }),
    entry(proxy, { Node: 'n1', Address: '' }),
    entry(proxy, { Node: 'n1', Address: '10.0.0.1' }),
  ];
  assert.deepEqual(instancesOf(none, 't.consul'), []);
});

test('a service whose last instance has gone has none', async () => {
  await using agent = scripted();
  await agent.answers([entry(proxy)]);
  await agent.answers([]);
  assert.deepEqual(agent.instances(), []);
});

test('right after the agent was away, no healthy instance at all is not believed for a while', async () => {
  await using agent = scripted();
  await agent.answers([entry(proxy)]);
  await agent.fails();
  assert.deepEqual(agent.instances(), ['n1/api-proxy']);
  await agent.answers([]);
  assert.deepEqual(agent.instances(), ['n1/api-proxy']);
  await agent.clock.advance(30_000);
  assert.deepEqual(agent.instances(), []);
});

test('instances that the agent names after it was away are taken at once', async () => {
  await using agent = scripted();
  await agent.answers([entry(proxy)]);
  await agent.fails();
  await agent.answers([]);
  await agent.answers([entry({ ...proxy, ID: 'api-proxy-2' })]);
  assert.deepEqual(agent.instances(), ['n1/api-proxy-2']);
  await agent.clock.advance(60_000);
  assert.deepEqual(agent.instances(), ['n1/api-proxy-2']);
});

/** An agent whose answers are given one by one, and what is made of them. */
function scripted() {
  const clock = new FakeClock();
  const closing = new AbortController();
  let next = Promise.withResolvers<readonly ServiceEntry[]>();
  let index = 1;
  const query: BlockingQuery<readonly ServiceEntry[]> = async (_, signal) => {
    signal.addEventListener('abort', () => next.reject(signal.reason), { once: true });
    return { value: await next.promise, index: ++index, knownLeader: true };
  };
  const runtime = testRuntime({ clock });
  const resolution = startResolution(
    { service: 'api' },
    {
      client: { healthConnect: () => query } as unknown as ConsulClient,
      runtime,
      roots: new Cell<Roots | undefined>({ trustDomain: 't.consul', certificates: [] }),
      problems: new Problems(runtime.log),
      signal: closing.signal,
    },
  );
  const answerWith = async (answer: (asked: typeof next) => void): Promise<void> => {
    const asked = next;
    next = Promise.withResolvers();
    answer(asked);
    await clock.advance(5_000); // the pause between two questions, and the back-off
  };
  return {
    clock,
    instances: () => resolution.instances.value?.map(({ id }: Instance) => id),
    answers: (entries: readonly ServiceEntry[]) => answerWith(({ resolve }) => resolve(entries)),
    fails: () => answerWith(({ reject }) => reject(new Error('away'))),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await resolution.close();
    },
  };
}

function entry(Service: HealthService, Node: ServiceEntry['Node'] = node): ServiceEntry {
  return { Node, Service };
}
