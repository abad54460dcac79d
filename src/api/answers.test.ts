import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { fuzzRuns, mutated, outcomeOf, pollutionCheck } from '../testing/fuzz.ts';
import * as answers from './answers.ts';
import { parseExact } from './exact-json.ts';

test('what we do not use is dropped, so that it can wake nobody', () => {
  const entry = {
    Node: { Node: 'n', Address: '10.0.0.1', Datacenter: 'dc1', Meta: null },
    Service: { ID: 'p', Service: 'db-proxy', Address: '', Port: 21000, Tags: null, ModifyIndex: 9 },
    Checks: [{ Output: 'tcp dial took 3 ms' }],
  };
  assert.deepEqual(answers.serviceEntries([entry], ''), [
    {
      Node: { Node: 'n', Address: '10.0.0.1', Datacenter: 'dc1' },
      Service: { ID: 'p', Service: 'db-proxy', Address: '', Port: 21000 },
    },
  ]);
});

test('Go writes an empty list as null', () => {
  assert.deepEqual(answers.matches({ db: null }, ''), { db: [] });
  assert.deepEqual(answers.serviceEntries(null, ''), []);
});

test('a member that is missing or wrong is named with its place', () => {
  const roots = { ActiveRootID: 'a', TrustDomain: 't', Roots: [{ ID: 'a', RootCert: 1 }] };
  assert.throws(() => answers.caRoots(roots, ''), /Roots\[0\]\.RootCert: expected a string, found number/);
  assert.throws(() => answers.caRoots({}, ''), /ActiveRootID: expected a string, found nothing/);
  assert.throws(() => answers.caRoots(null, ''), /expected an object, found null/);
});

test('a private key is a secret from the moment it is read', () => {
  const read = answers.leaf(
    {
      SerialNumber: '0b',
      CertPEM: 'cert',
      PrivateKeyPEM: 'hunter2',
      Service: 'web',
      ServiceURI: 'spiffe://x',
      ValidAfter: '2026-11-23T02:59:22Z',
      ValidBefore: '2026-11-26T02:59:22Z',
    },
    '',
  );
  assert.equal(read.PrivateKeyPEM.reveal(), 'hunter2');
  assert.doesNotMatch(inspect(read) + JSON.stringify(read), /hunter2/);
});

const shapes = Object.values(answers) as ((value: unknown, place: string) => unknown)[];

test('any JSON is an answer or an InputError', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom(...shapes), (value, shape) => {
      outcomeOf(() => shape(value, ''), InputError);
    }),
    { numRuns: fuzzRuns(300) },
  );
});

/** What an agent may answer, whole. */
const good: readonly string[] = [
  '{"ActiveRootID":"a","TrustDomain":"1-2.consul","Roots":[{"ID":"a","RootCert":"-----BEGIN","IntermediateCerts":null,"Active":true}]}',
  '{"SerialNumber":"0b","CertPEM":"c","PrivateKeyPEM":"k","Service":"web","ServiceURI":"spiffe://x","ValidAfter":"2026-11-23T02:59:22Z","ValidBefore":"2026-11-26T02:59:22Z"}',
  '[{"Node":{"Node":"n","Address":"10.0.0.1"},"Service":{"ID":"p","Service":"db","Address":"","Port":21000,"Weights":{"Passing":1,"Warning":1},"Meta":{"a":"b"}}}]',
  '{"ID":"w","Service":"w","Address":"","Port":1,"Proxy":{"Config":{"a":[{}]},"Upstreams":[{"DestinationName":"db","LocalBindPort":9}]}}',
  '{"db":[{"SourceName":"web","DestinationName":"db","Action":"allow","Permissions":[{}],"Precedence":9,"Hash":12345678901234567890}]}',
];

test('a damaged answer is one, or no JSON, or an InputError', () => {
  fc.assert(
    fc.property(mutated(good), fc.constantFrom(...shapes), (text, shape) => {
      outcomeOf(() => shape(parseExact(text), ''), InputError, SyntaxError);
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(1_000) },
  );
});

test('what is opaque to us is refused when it is nested without measure', { timeout: 20_000 }, () => {
  const deep = JSON.parse(`${'{"a":['.repeat(100_000)}${']}'.repeat(100_000)}`);
  const service = { ID: 'w', Service: 'w', Address: '', Port: 1, Proxy: { Config: { deep } } };
  assert.throws(() => answers.agentService(service, ''), /^InputError: Proxy\.Config\.deep: expected no more than/);
});
