import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { fuzzRuns, mutated, outcomeOf } from '../testing/fuzz.ts';
import { isPort } from './config.ts';
import { originFromFlags, type ProxyFlags } from './flag-config.ts';

test('the flags of a whole sidecar become its configuration', () => {
  const origin = originFromFlags({
    service: 'web',
    serviceAddr: '127.0.0.1:8080',
    listen: ':8443',
    upstreams: ['db:8181', 'cache.service:127.0.0.2:6379', 'nearest.query:9000', 'db:[::1]:8282'],
    register: true,
    registerId: 'blue',
  });
  assert.deepEqual(origin, {
    kind: 'flags',
    config: {
      service: 'web',
      inbound: {
        bind: { host: '0.0.0.0', port: 8443 },
        localService: { host: '127.0.0.1', port: 8080 },
        handshakeTimeout: 10_000,
        localConnectTimeout: 1_000,
      },
      upstreams: [
        { target: { service: 'db' }, bind: { host: '::1', port: 8282 }, connectTimeout: 10_000 },
        { target: { service: 'cache' }, bind: { host: '127.0.0.2', port: 6379 }, connectTimeout: 10_000 },
        { target: { query: 'nearest' }, bind: { host: '127.0.0.1', port: 9000 }, connectTimeout: 10_000 },
      ],
    },
    registration: { id: 'web-proxy-blue', name: 'web-proxy', service: 'web', address: '', port: 8443 },
  });
});

test('an ID goes before a sidecar, and a sidecar before a service', () => {
  assert.deepEqual(originFromFlags({ proxyId: 'p', sidecarFor: 's', service: 'web' }), {
    kind: 'proxy id',
    proxyId: 'p',
  });
  assert.deepEqual(originFromFlags({ sidecarFor: 's', service: 'web' }), { kind: 'sidecar for', serviceId: 's' });
});

const refused: readonly (readonly [ProxyFlags, string])[] = [
  [{}, '-service or -proxy-id must be specified so that proxy can configure itself.'],
  [{ service: 'web', upstreams: ['db'] }, 'Upstream value should be name:addr in "db"'],
  [{ service: 'web', upstreams: ['db.x:1'] }, `Upstream type must be blank, 'service', or 'query'. Got: "x"`],
  [
    { service: 'web', upstreams: ['db:no'] },
    '-upstream: expected name:[host:]port with a port from 1 to 65535, got "db:no"',
  ],
  [
    { service: 'web', upstreams: ['db:0'] },
    '-upstream: expected name:[host:]port with a port from 1 to 65535, got "db:0"',
  ],
  [{ service: 'web', upstreams: [':1'] }, '-upstream: expected name:[host:]port with a port from 1 to 65535, got ":1"'],
  [{ service: 'web', register: true }, '-register may only be specified with -service and -listen'],
  [{ proxyId: 'p', register: true }, '-register may only be specified with -service and -listen'],
  [
    { service: 'web', listen: ':8443' },
    '-service-addr must be specified with -listen so the proxy knows the backend service address.',
  ],
  [{ service: 'web', listen: '8443', serviceAddr: ':1' }, '-listen: expected host:port or :port, got "8443"'],
  [{ service: 'web', listen: ':8443', serviceAddr: 'x' }, '-service-addr: expected host:port, got "x"'],
];
for (const [flags, message] of refused) {
  test(`${JSON.stringify(flags)} is refused with: ${message}`, () => {
    assert.throws(() => originFromFlags(flags), { name: 'InputError', message });
  });
}

test('whatever the flags say, they are refused or what they say can be listened to and dialled', () => {
  const words = mutated([
    'db:8181',
    'cache.service:127.0.0.2:6379',
    'nearest.query:9000',
    'db:[::1]:8282',
    ':8443',
    'h:1',
  ]);
  const word = fc.oneof(fc.string(), words, fc.stringMatching(/^[a-z.]{0,9}:[[\]a-z0-9.:]{0,12}$/));
  const good: ProxyFlags = { service: 'web', upstreams: [], listen: ':1', serviceAddr: ':2', register: true };
  fc.assert(
    fc.property(word, fc.constantFrom('upstream', 'listen', 'serviceAddr'), (text, where) => {
      const flags: ProxyFlags = { ...good, ...(where === 'upstream' ? { upstreams: [text] } : { [where]: text }) };
      const origin = outcomeOf(() => originFromFlags(flags), InputError);
      if (origin === undefined) return;
      assert.ok(origin.kind === 'flags');
      const { upstreams, inbound } = origin.config;
      for (const address of [
        ...upstreams.map(({ bind }) => bind),
        ...(inbound ? [inbound.bind, inbound.localService] : []),
      ])
        assert.ok('port' in address && isPort(address.port) && /^[^\0]+$/.test(address.host));
    }),
    { numRuns: fuzzRuns(2_000) },
  );
});
