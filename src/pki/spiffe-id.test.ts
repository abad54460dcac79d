import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutated } from '../testing/fuzz.ts';
import { formatServiceId, isSameServiceId, parseSpiffeId, type ServiceId } from './spiffe-id.ts';

const web: ServiceId = {
  kind: 'service',
  trustDomain: '1-2.consul',
  partition: 'default',
  namespace: 'default',
  datacenter: 'dc1',
  service: 'web',
};

for (const [uri, id] of [
  ['spiffe://1-2.consul/ns/default/dc/dc1/svc/web', web],
  ['SPIFFE://1-2.CONSUL/ns/default/dc/dc1/svc/web', web],
  ['spiffe://1-2.consul/ns/default/dc/dc1/svc/Web%20api', { ...web, service: 'Web api' }],
  ['spiffe://1-2.consul/ns/default/dc/dc1/svc/a%2Fb', { ...web, service: 'a/b' }],
  ['spiffe://1-2.consul/ap/team/ns/default/dc/dc1/svc/web', { ...web, partition: 'team' }],
  ['spiffe://1-2.consul/agent/client/dc/dc1/id/node-1', { kind: 'agent', trustDomain: '1-2.consul' }],
  ['spiffe://1-2.consul/agent/server/dc/dc1', { kind: 'server', trustDomain: '1-2.consul' }],
  ['spiffe://1-2.consul/gateway/mesh/dc/dc1', { kind: 'gateway', trustDomain: '1-2.consul' }],
  ['spiffe://1-2.consul', { kind: 'signing', trustDomain: '1-2.consul' }],
] as const) {
  test(`${uri} is an identity of Connect`, () => assert.deepEqual(parseSpiffeId(uri), id));
}

for (const uri of [
  '',
  'spiffe://',
  'spiffe://nodot',
  'spiffe://.consul',
  'https://1-2.consul/ns/default/dc/dc1/svc/web',
  'spiffe://1-2.consul/',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web/',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web/more',
  'spiffe://1-2.consul/x/ns/default/dc/dc1/svc/web',
  'spiffe://1-2.consul//ns/default/dc/dc1/svc/web',
  'spiffe://1-2.consul/ns//dc/dc1/svc/web',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web?x=1',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web#x',
  'spiffe://user@1-2.consul/ns/default/dc/dc1/svc/web',
  'spiffe://1-2.consul:443/ns/default/dc/dc1/svc/web',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/%zz',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/%ff',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web api',
  'spiffe://1-2.consul/ns/default/dc/dc1/svc/web\nx',
  ` spiffe://1-2.consul/ns/default/dc/dc1/svc/web`,
  `spiffe://1-2.consul/ns/default/dc/dc1/svc/${'x'.repeat(2_048)}`,
]) {
  test(`${JSON.stringify(uri.slice(0, 80))} is none`, () => assert.equal(parseSpiffeId(uri), undefined));
}

for (const [service, escaped] of [
  ['web', 'web'],
  ['Web api', 'Web%20api'],
  ['a+b=c@d:e,f;g&h$', 'a+b=c@d:e,f;g&h$'],
  [`!'()*`, '%21%27%28%29%2A'],
  ['50%', '50%25'],
  ['grün', 'gr%C3%BCn'],
  ['a?b#c', 'a%3Fb%23c'],
] as const) {
  test(`the service ${JSON.stringify(service)} is written ${escaped}`, () => {
    assert.equal(formatServiceId({ ...web, service }), `spiffe://1-2.consul/ns/default/dc/dc1/svc/${escaped}`);
  });
}

test('no identity is written for a name with a slash', () => {
  assert.throws(() => formatServiceId({ ...web, service: 'a/b' }), /"a\/b" has a "\/"/);
});

test('the default partition is not written, another is', () => {
  assert.equal(formatServiceId({ ...web, partition: 'team' }), 'spiffe://1-2.consul/ap/team/ns/default/dc/dc1/svc/web');
});

test('an identity that was written is read back as it was', () => {
  const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => !text.includes('/'));
  fc.assert(
    fc.property(name, name, name, (namespace, datacenter, service) => {
      const id = { ...web, namespace, datacenter, service };
      const read = parseSpiffeId(formatServiceId(id));
      assert.deepEqual(read, id);
      assert.ok(read?.kind === 'service' && isSameServiceId(read, id));
    }),
  );
});

test('no text makes the parser throw', () => {
  fc.assert(fc.property(fc.string({ maxLength: 3_000, unit: 'binary' }), (text) => void parseSpiffeId(text)));
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      void parseSpiffeId(`spiffe://1-2.consul/ns/${text}/dc/dc1/svc/${text}`);
    }),
  );
});

test('a damaged identity is none, or one that is written and read back as itself', () => {
  const good = [
    'spiffe://1-2.consul/ns/default/dc/dc1/svc/w\ud83d\ude00eb',
    'spiffe://1-2.consul/ap/a/ns/b/dc/c/svc/d%20e',
  ];
  fc.assert(
    fc.property(mutated(good), (text) => {
      const id = parseSpiffeId(text);
      if (id?.kind === 'service' && !id.service.includes('/')) assert.deepEqual(parseSpiffeId(formatServiceId(id)), id);
    }),
    { numRuns: fuzzRuns(1_000) },
  );
});

test('identities that differ in any part are not the same', () => {
  for (const part of ['trustDomain', 'partition', 'namespace', 'datacenter', 'service'] as const) {
    assert.ok(!isSameServiceId(web, { ...web, [part]: 'other' }), part);
  }
  assert.ok(!isSameServiceId(web, { ...web, service: 'WEB' }), 'names keep their case');
});
