import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutated, outcomeOf, pollutionCheck } from '../testing/fuzz.ts';
import { readAgentConfig } from './agent-config.ts';
import { formatAddress, isPort } from './config.ts';

test('a registration as the agent shows it becomes the configuration', () => {
  const { config, errors } = readAgentConfig({
    Kind: 'connect-proxy',
    ID: 'web-1-sidecar-proxy',
    Service: 'web-sidecar-proxy',
    Port: 21200,
    Address: '',
    Proxy: {
      DestinationServiceName: 'web',
      DestinationServiceID: 'web-1',
      LocalServiceAddress: '127.0.0.1',
      LocalServicePort: 8080,
      Config: { handshake_timeout_ms: 5000, local_connect_timeout_ms: 250, bind_address: '127.0.0.9' },
      Upstreams: [
        { DestinationType: 'service', DestinationName: 'db', LocalBindPort: 9191, MeshGateway: {} },
        {
          DestinationType: 'prepared_query',
          DestinationName: 'nearest-db',
          Datacenter: 'dc2',
          LocalBindAddress: '127.0.0.2',
          LocalBindPort: 9192,
          Config: { connect_timeout_ms: 1500.4 },
        },
        { DestinationName: 'cache', LocalBindSocketPath: '/run/cache.sock' },
      ],
    },
  });
  assert.deepEqual(errors, []);
  assert.deepEqual(config, {
    service: 'web',
    inbound: {
      bind: { host: '127.0.0.9', port: 21200 },
      localService: { host: '127.0.0.1', port: 8080 },
      handshakeTimeout: 5_000,
      localConnectTimeout: 250,
    },
    upstreams: [
      { target: { service: 'db' }, bind: { host: '127.0.0.1', port: 9191 }, connectTimeout: 10_000 },
      {
        target: { query: 'nearest-db', datacenter: 'dc2' },
        bind: { host: '127.0.0.2', port: 9192 },
        connectTimeout: 1_500,
      },
      { target: { service: 'cache' }, bind: { path: '/run/cache.sock' }, connectTimeout: 10_000 },
    ],
  });
});

test('what managed proxies keep in Config is read where nothing newer is there', () => {
  const { config, errors } = readAgentConfig(
    proxy({
      LocalServicePort: 0,
      Config: {
        bind_port: 20128,
        bind_address: '127.0.0.1',
        local_service_address: '127.0.0.1:9200',
        upstreams: [{ destination_name: 'db', local_bind_port: '9193', connect_timeout_ms: 700 }],
      },
    }),
  );
  assert.deepEqual(errors, []);
  assert.deepEqual(config?.inbound?.bind, { host: '127.0.0.1', port: 20128 });
  assert.deepEqual(config?.inbound?.localService, { host: '127.0.0.1', port: 9200 });
  assert.deepEqual(config?.upstreams, [
    { target: { service: 'db' }, bind: { host: '127.0.0.1', port: 9193 }, connectTimeout: 700 },
  ]);
});

test('without a port there is no inbound listener', () => {
  assert.equal(readAgentConfig(proxy({ LocalServicePort: 8080 })).config?.inbound, undefined);
});

const unusable: readonly (readonly [string, object, string])[] = [
  [
    'an upstream without a port',
    { Upstreams: [{ DestinationName: 'db' }] },
    'Proxy.Upstreams[0].LocalBindPort: expected a port, 1 to 65535',
  ],
  [
    'an upstream of a type that nobody knows',
    { Upstreams: [{ DestinationName: 'db', DestinationType: 'x', LocalBindPort: 1 }] },
    'Proxy.Upstreams[0].DestinationType: expected "service" or "prepared_query"',
  ],
  [
    'an upstream in another namespace',
    { Upstreams: [{ DestinationName: 'db', DestinationNamespace: 'team', LocalBindPort: 1 }] },
    'Proxy.Upstreams[0].DestinationNamespace: expected "default" or nothing',
  ],
  [
    'an upstream of a peer',
    { Upstreams: [{ DestinationName: 'db', DestinationPeer: 'east', LocalBindPort: 1 }] },
    'Proxy.Upstreams[0].DestinationPeer: expected nothing',
  ],
  [
    'a name that no certificate can carry',
    { Upstreams: [{ DestinationName: 'a/b', LocalBindPort: 1 }] },
    'Proxy.Upstreams[0].DestinationName: a name with "/" is in no certificate',
  ],
  [
    'a time that is none',
    { Upstreams: [{ DestinationName: 'db', LocalBindPort: 1, Config: { connect_timeout_ms: 'soon' } }] },
    'Proxy.Upstreams[0].Config.connect_timeout_ms: expected a number',
  ],
  [
    'two upstreams at one address',
    {
      Upstreams: [
        { DestinationName: 'db', LocalBindPort: 1 },
        { DestinationName: 'api', LocalBindPort: 1 },
      ],
    },
    'Proxy.Upstreams[1].LocalBindPort: 127.0.0.1:1 is taken by an earlier upstream',
  ],
  [
    'an old-style upstream without a port',
    { Config: { upstreams: [{ destination_name: 'db' }] } },
    'Proxy.Config.upstreams[0].local_bind_port: expected a port, 1 to 65535',
  ],
  [
    'a bind port that is none',
    { Config: { bind_port: 70_000 } },
    'Proxy.Config.bind_port: expected a port, 1 to 65535',
  ],
  [
    'a handshake that may take no time',
    { LocalServicePort: 1, Config: { bind_port: 1, handshake_timeout_ms: 0 } },
    'Proxy.Config.handshake_timeout_ms: expected milliseconds, 1 to 86400000',
  ],
  [
    'an address that no system takes',
    { Upstreams: [{ DestinationName: 'db', LocalBindPort: 1, LocalBindAddress: 'a\0b' }] },
    'Proxy.Upstreams[0].LocalBindAddress: expected text without NUL',
  ],
  [
    'no application behind the inbound listener',
    { Config: { bind_port: 1 } },
    'Proxy.LocalServicePort: expected the port of the application, 1 to 65535',
  ],
];
for (const [what, changes, message] of unusable) {
  test(`${what} is named, and the rest goes on`, () => {
    const { config, errors } = readAgentConfig(proxy(changes));
    assert.deepEqual(
      errors.map((error) => error.message),
      [message],
    );
    assert.equal(config?.service, 'web');
  });
}

test('a service that is no proxy gives no configuration', () => {
  const { config, errors } = readAgentConfig({ Kind: '', ID: 'web-1', Service: 'web' });
  assert.equal(config, undefined);
  assert.deepEqual(
    errors.map((error) => error.message),
    ['service with id web-1 is not a valid connect proxy'],
  );
});

test('no JSON at all makes it throw', () => {
  const key = fc.constantFrom(
    'Kind',
    'ID',
    'Port',
    'Address',
    'Proxy',
    'Config',
    'Upstreams',
    'DestinationServiceName',
    'upstreams',
  );
  const { json } = fc.letrec((tie) => ({
    json: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.array(tie('json')), fc.dictionary(key, tie('json'))),
  }));
  fc.assert(fc.property(json, (value) => void readAgentConfig(value)));
});

test('what is left of a damaged registration can be listened to and dialled', () => {
  const registrations = [
    proxy({
      LocalServicePort: 80,
      Config: { bind_port: 1, handshake_timeout_ms: 5, upstreams: [{ destination_name: 'a', local_bind_port: '9' }] },
    }),
    proxy({
      Config: { bind_port: 1, bind_address: '::', local_service_address: '[::1]:2', local_connect_timeout_ms: '7' },
      Upstreams: [
        { DestinationName: 'db', LocalBindPort: 2, LocalBindAddress: '127.0.0.1', Config: { connect_timeout_ms: 1 } },
        { DestinationName: 'api', DestinationType: 'prepared_query', Datacenter: 'd', LocalBindSocketPath: '/a' },
      ],
    }),
  ];
  fc.assert(
    fc.property(mutated(registrations.map((registration) => JSON.stringify(registration))), (text) => {
      const answer = outcomeOf<unknown>(() => JSON.parse(text), SyntaxError);
      const { config } = readAgentConfig(answer);
      const { inbound, upstreams = [] } = config ?? {};
      const addresses = upstreams.map(({ bind }) => formatAddress(bind));
      assert.equal(new Set(addresses).size, addresses.length);
      for (const address of [
        ...upstreams.map(({ bind }) => bind),
        ...(inbound ? [inbound.bind, inbound.localService] : []),
      ])
        assert.ok(
          'path' in address ? /^[^\0]+$/.test(address.path) : isPort(address.port) && /^[^\0]+$/.test(address.host),
        );
      const timeouts = [
        inbound?.handshakeTimeout,
        inbound?.localConnectTimeout,
        ...upstreams.map((one) => one.connectTimeout),
      ];
      for (const timeout of timeouts) assert.ok(timeout === undefined || (timeout >= 1 && timeout <= 86_400_000));
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(3_000) },
  );
});

test('a hundred thousand upstreams are read', { timeout: 20_000 }, () => {
  const Upstreams = Array.from({ length: 100_000 }, (_, at) => ({
    DestinationName: 'db',
    LocalBindAddress: `h${at}`,
    LocalBindPort: 1,
  }));
  assert.equal(readAgentConfig(proxy({ Upstreams })).config?.upstreams.length, 100_000);
});

function proxy(changes: object): object {
  return { Kind: 'connect-proxy', ID: 'p', Proxy: { DestinationServiceName: 'web', ...changes } };
}
