import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryStorage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { NodeRows } from './node-rows.ts';
import type { RegistryPlan } from './plan.ts';
import { planServiceDeregistration } from './plan-deregistration.ts';
import { planRegistration, type RegistrationOptions } from './plan-registration.ts';
import type { CheckRequest, ServiceRequest } from './request.ts';
import { writeRows } from './write-rows.ts';

const node = 'node-1';
const options: RegistrationOptions = { now: 1_000, sidecarPorts: { min: 21000, max: 21002 } };

const refused: readonly (readonly [why: string, request: Partial<ServiceRequest>, text: string])[] = [
  ['a name is missing', { name: '' }, 'Missing service name'],
  ['nobody can dial the address', { address: '0.0.0.0' }, 'Invalid service address'],
  [
    'a check never runs',
    { checks: [check({ http: 'http://x' })] },
    'Invalid check: Interval must be > 0 for Script, HTTP, H2PING, or TCP checks',
  ],
  ['a check says nothing', { checks: [check({}, { name: 'x' })] }, 'Invalid check: TTL must be > 0 for TTL checks'],
  [
    'a check is of two kinds',
    { checks: [check({ http: 'http://x', interval: 1, ttl: 1 })] },
    'Invalid check: Interval and TTL cannot both be specified',
  ],
  [
    'a status is unknown',
    { checks: [check({ ttl: 1 }, { status: 'weird' })] },
    "Status for checks must 'passing', 'warning', 'critical'",
  ],
  ['weights are below 1', { weights: { passing: 0, warning: 1 } }, 'Invalid Weights: Passing must be greater than 0'],
  ['a proxy has no port', proxy({ port: 0 }), oneError('Port or SocketPath must be set for a Connect proxy')],
  [
    'a proxy has no destination',
    { kind: 'connect-proxy', port: 1 },
    oneError('Proxy.DestinationServiceName must be non-empty for Connect proxy services'),
  ],
  [
    'a proxy is native',
    proxy({ isNative: true }),
    oneError('A Proxy cannot also be Connect Native, only typical services'),
  ],
  [
    'a sidecar brings an ID',
    { sidecar: service({ id: 'foo', name: '' }) },
    oneError('A SidecarService cannot specify an ID as this is managed by the agent'),
  ],
  [
    'a sidecar has a sidecar',
    { sidecar: service({ name: '', sidecar: service({}) }) },
    oneError('A SidecarService cannot have a nested SidecarService'),
  ],
  ['the ID is the agent’s own', { id: 'consul' }, 'Service ID "consul" is that of the agent itself'],
  [
    'metadata has a reserved key',
    { meta: { 'consul-x': '1' } },
    "Invalid Service Meta: Couldn't load metadata pair ('consul-x', '1'): Key prefix 'consul-' is reserved for internal use",
  ],
];
for (const [why, request, text] of refused) {
  test(`a registration is refused when ${why}`, () => {
    assert.throws(() => plan(service(request)), { name: 'InputError', message: text });
  });
}

test('several mistakes are told together', () => {
  const request = service({ kind: 'connect-proxy', isNative: true });
  assert.throws(() => plan(request), {
    message:
      '3 errors occurred:\n\t* Proxy.DestinationServiceName must be non-empty for Connect proxy services\n' +
      '\t* Port or SocketPath must be set for a Connect proxy\n' +
      '\t* A Proxy cannot also be Connect Native, only typical services\n\n',
  });
});

test('upstreams may share neither destination nor address', () => {
  const upstream = { destinationType: '', destinationName: 'db', localBindPort: 1 };
  const request = service(proxy({ proxy: { destinationServiceName: 'web', upstreams: [upstream, upstream] } }));
  assert.throws(() => plan(request), /duplicates of db.*"127.0.0.1:1" is specified twice/s);
});

test('a service without an ID has its name as ID, and checks are named after it', () => {
  const { services, checks } = plan(service({ checks: [check({ ttl: 5_000 })] }));
  assert.equal(services[0]?.id, 'web');
  assert.deepEqual(
    checks.map(({ checkId, name, status, output, type }) => ({ checkId, name, status, output, type })),
    [{ checkId: 'service:web', name: "Service 'web' check", status: 'critical', output: '', type: 'ttl' }],
  );
  assert.equal(checks[0]?.local?.expiresAt, 6_000);
});

test('several checks are numbered, except those with an ID of their own', () => {
  const { checks } = plan(
    service({ checks: [check({ ttl: 1 }), check({ ttl: 1 }, { id: 'own' }), check({ ttl: 1 })] }),
  );
  assert.deepEqual(
    checks.map(({ checkId }) => checkId),
    ['service:web:1', 'own', 'service:web:3'],
  );
});

test('an address that is an IP is tagged with its family, one that is a name is not', () => {
  assert.deepEqual(plan(service({ address: '10.0.0.1', port: 80 })).services[0]?.taggedAddresses, {
    lan_ipv4: { address: '10.0.0.1', port: 80 },
    wan_ipv4: { address: '10.0.0.1', port: 80 },
  });
  assert.deepEqual(Object.keys(plan(service({ address: 'fd00::1' })).services[0]?.taggedAddresses ?? {}), [
    'lan_ipv6',
    'wan_ipv6',
  ]);
  assert.equal(plan(service({ address: 'web.internal' })).services[0]?.taggedAddresses, undefined);
});

test('a nested block becomes a whole sidecar', () => {
  const { services, checks } = plan(
    service({ id: 'web-1', port: 8080, tags: ['v1'], meta: { a: 'b' }, token: 't', sidecar: service({ name: '' }) }),
  );
  const sidecar = services[1];
  assert.deepEqual(sidecar, {
    node,
    id: 'web-1-sidecar-proxy',
    kind: 'connect-proxy',
    name: 'web-sidecar-proxy',
    tags: ['v1'],
    meta: { a: 'b' },
    address: '',
    port: 21000,
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: {
      destinationServiceName: 'web',
      destinationServiceId: 'web-1',
      localServiceAddress: '127.0.0.1',
      localServicePort: 8080,
    },
    isNative: false,
    local: { sidecarOf: 'web-1', token: 't' },
  });
  assert.deepEqual(
    checks.map(({ checkId, name, local }) => [checkId, name, local?.definition]),
    [
      [
        'service:web-1-sidecar-proxy:1',
        'Connect Sidecar Listening',
        { type: 'tcp', tcp: '127.0.0.1:21000', interval: 10_000 },
      ],
      ['service:web-1-sidecar-proxy:2', 'Connect Sidecar Aliasing web-1', { type: 'alias', aliasService: 'web-1' }],
    ],
  );
});

test('a sidecar keeps what its block says', () => {
  const block = service({
    name: 'edge',
    port: 9,
    tags: ['own'],
    address: '10.0.0.2',
    checks: [check({ ttl: 1 })],
    proxy: { destinationServiceName: 'other', localServicePort: 1 },
  });
  const { services, checks } = plan(service({ tags: ['parent'], sidecar: block }));
  const { name, port, tags, address, proxy } = services[1] ?? assert.fail();
  assert.deepEqual({ name, port, tags, address }, { name: 'edge', port: 9, tags: ['own'], address: '10.0.0.2' });
  assert.deepEqual(proxy, {
    destinationServiceName: 'other',
    destinationServiceId: 'web',
    localServiceAddress: '127.0.0.1',
    localServicePort: 1,
  });
  assert.deepEqual(
    checks.map(({ checkId }) => checkId),
    ['service:web-sidecar-proxy'],
  );
});

test('upstreams of a proxy are of services unless said otherwise', () => {
  const upstream = { destinationType: '', destinationName: 'db', localBindPort: 9191 };
  const { services } = plan(service(proxy({ proxy: { destinationServiceName: 'web', upstreams: [upstream] } })));
  assert.equal(services[0]?.proxy?.upstreams?.[0]?.destinationType, 'service');
});

test('sidecar ports are the lowest that no service of the agent has, and stay when registered again', async () => {
  const store = new Store(memoryStorage());
  await register(store, service({ name: 'a', port: 21000 }));
  await register(store, service({ name: 'b', sidecar: service({ name: '' }) }));
  await register(store, service({ name: 'c', sidecar: service({ name: '' }) }));
  const ports = (): unknown => ['b', 'c'].map((name) => rowsOf(store).service(`${name}-sidecar-proxy`)?.port);
  assert.deepEqual(ports(), [21001, 21002]);
  assert.throws(() => plan(service({ name: 'd', sidecar: service({ name: '' }) }), store), {
    message:
      'Bad request: Invalid SidecarService: no port provided for sidecar_service and none left in the configured range [21000, 21002]',
  });

  await apply(store, planServiceDeregistration('a', rowsOf(store)));
  await register(store, service({ name: 'c', sidecar: service({ name: '' }) }));
  assert.deepEqual(ports(), [21001, 21002]);
});

test('without a range, a sidecar must bring its port', () => {
  const request = service({ sidecar: service({ name: '' }) });
  assert.throws(
    () => plan(request, undefined, { ...options, sidecarPorts: { min: 0, max: 0 } }),
    /auto-assignment disabled/,
  );
});

test('registering again keeps the status of checks, and drops others only when asked', async () => {
  const store = new Store(memoryStorage());
  await register(
    store,
    service({ checks: [check({ ttl: 1 }, { id: 'a', status: 'passing' }), check({ ttl: 1 }, { id: 'b' })] }),
  );
  const again = service({ checks: [check({ ttl: 1 }, { id: 'a' })] });
  assert.equal(plan(again, store).checks.find(({ checkId }) => checkId === 'a')?.status, 'passing');
  assert.deepEqual(plan(again, store).deletedChecks, []);
  assert.deepEqual(plan(again, store, { ...options, replaceExistingChecks: true }).deletedChecks, ['b']);
});

test('checks follow their service to a new name', async () => {
  const store = new Store(memoryStorage());
  await register(store, service({ id: 'x', name: 'old', checks: [check({ ttl: 1 })] }));
  await register(store, service({ id: 'x', name: 'new', tags: ['t'] }));
  const { serviceName, serviceTags } = rowsOf(store).check('service:x') ?? assert.fail();
  assert.deepEqual({ serviceName, serviceTags }, { serviceName: 'new', serviceTags: ['t'] });
});

test('an ID that differs from another only in case is refused', async () => {
  const store = new Store(memoryStorage());
  await register(store, service({ id: 'api', checks: [check({ ttl: 1 }, { id: 'alive' })] }));
  assert.throws(() => plan(service({ id: 'API' }), store), /"API" differs only in case from "api"/);
  assert.throws(
    () => plan(service({ checks: [check({ ttl: 1 }, { id: 'Alive' })] }), store),
    /"Alive" differs only in case/,
  );
});

test('a service takes along its checks and the sidecar that it was registered with, but not one registered by itself', async () => {
  const store = new Store(memoryStorage());
  await register(store, service({ name: 'web', checks: [check({ ttl: 1 })], sidecar: service({ name: '' }) }));
  const away = planServiceDeregistration('web', rowsOf(store));
  assert.deepEqual(away.deletedServices, ['web', 'web-sidecar-proxy']);
  assert.deepEqual(away.deletedChecks.toSorted(), [
    'service:web',
    'service:web-sidecar-proxy:1',
    'service:web-sidecar-proxy:2',
  ]);

  await register(store, service({ name: 'web' }));
  assert.deepEqual(planServiceDeregistration('web', rowsOf(store)).deletedServices, ['web', 'web-sidecar-proxy']);

  await register(store, service(proxy({ id: 'web-sidecar-proxy', name: 'web-sidecar-proxy' })));
  assert.deepEqual(planServiceDeregistration('web', rowsOf(store)).deletedServices, ['web']);
});

function oneError(text: string): string {
  return `1 error occurred:\n\t* ${text}\n\n`;
}

function service(parts: Partial<ServiceRequest>): ServiceRequest {
  return {
    kind: '',
    id: '',
    name: 'web',
    tags: [],
    meta: null,
    address: '',
    port: 0,
    socketPath: '',
    enableTagOverride: false,
    isNative: false,
    token: '',
    checks: [],
    ...parts,
  };
}

function proxy(parts: Partial<ServiceRequest>): Partial<ServiceRequest> {
  return { kind: 'connect-proxy', port: 1, proxy: { destinationServiceName: 'web' }, ...parts };
}

function check(definition: CheckRequest['definition'], parts: Partial<CheckRequest> = {}): CheckRequest {
  return { id: '', name: '', notes: '', status: '', definition, ...parts };
}

function rowsOf(store: Store): NodeRows {
  return new NodeRows(store, node);
}

function plan(
  request: ServiceRequest,
  store: Store = new Store(memoryStorage()),
  how: RegistrationOptions = options,
): RegistryPlan {
  return planRegistration(request, rowsOf(store), how);
}

async function register(store: Store, request: ServiceRequest): Promise<void> {
  await apply(store, plan(request, store));
}

async function apply(store: Store, planned: RegistryPlan): Promise<void> {
  await writeRows(store, (writer) => writer.apply(node, planned));
}
