import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { mutated } from '../testing/fuzz.ts';
import { readTarget, targetOfHost } from './target.ts';

for (const [host, target] of [
  ['api.service.consul', { service: 'api' }],
  ['api.service.dc2.consul', { service: 'api', datacenter: 'dc2' }],
  ['nearest.query.consul', { query: 'nearest' }],
  ['nearest.query.dc2.consul.', { query: 'nearest', datacenter: 'dc2' }],
] as const)
  test(`the host ${host} is a target`, () => assert.deepEqual(targetOfHost(host), target));

for (const host of [
  'api',
  'example.com',
  'api.service.consul.example.com',
  'v1.api.service.consul',
  'api.node.consul',
  'api.service.dc1.dc2.consul',
  '.service.consul',
  '127.0.0.1',
  '',
])
  test(`the host ${JSON.stringify(host)} is refused`, () => assert.throws(() => targetOfHost(host), InputError));

test('any text is a target of the mesh or an InputError', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.domain(),
        fc.domain().map((name) => `${name}.consul`),
        mutated(['web.service.consul', 'near.query.dc2.consul', 'WEB.SERVICE.CONSUL.']),
      ),
      (text) => {
        try {
          const target = targetOfHost(text);
          assert.ok(text.toLowerCase().includes('.consul'));
          assert.notEqual('query' in target ? target.query : 'service' in target && target.service, '');
        } catch (error) {
          assert.ok(error instanceof InputError);
        }
      },
    ),
  );
});

test('a name is a service, and a text that ends in .consul a host', () => {
  assert.deepEqual(readTarget('api'), { service: 'api' });
  assert.deepEqual(readTarget('api.service.consul'), { service: 'api' });
  assert.throws(() => readTarget('api.servce.consul'), InputError);
  assert.throws(() => readTarget('team/api'), /"team\/api" has a "\/"/);
  assert.throws(() => readTarget(''), InputError);
});

test('an address needs a host and a port', () => {
  const spiffeId = 'spiffe://t.consul/ns/default/dc/dc1/svc/api';
  assert.deepEqual(readTarget({ address: '[::1]:8443', spiffeId }), {
    address: '[::1]:8443',
    host: '::1',
    port: 8443,
    spiffeId,
  });
  for (const address of ['localhost', ':8443', 'localhost:0', 'localhost:70000', '::1:8443'])
    assert.throws(() => readTarget({ address, spiffeId }), InputError, address);
});
