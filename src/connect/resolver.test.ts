import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HealthService, ServiceEntry } from '../api/index.ts';
import { instancesOf } from './resolver.ts';

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

function entry(Service: HealthService, Node: ServiceEntry['Node'] = node): ServiceEntry {
  return { Node, Service };
}
