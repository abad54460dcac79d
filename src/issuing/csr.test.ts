import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutatedBytes } from '../testing/fuzz.ts';
import { checkCsr, makeCsr } from './csr.ts';
import { generateKey, type KeyKind, publicKeyInfoOf } from './key.ts';

const where = { trustDomain: '1-2.consul', datacenter: 'dc1' };
const uri = 'spiffe://1-2.consul/ns/default/dc/dc1/svc/web';
const key = await generateKey();

for (const kind of [
  { type: 'ec', bits: 256 },
  { type: 'ec', bits: 384 },
  { type: 'ec', bits: 521 },
  { type: 'rsa', bits: 2_048 },
] satisfies KeyKind[]) {
  test(`a CSR with a key ${kind.type} ${kind.bits} may be signed`, async () => {
    const own = await generateKey(kind);
    const pem = await makeCsr({ key: own, commonName: 'web', uriSans: [uri] });
    const verdict = await checkCsr(pem, where);
    assert.ok(verdict.isGood, verdict.isGood ? '' : verdict.reason);
    assert.equal(verdict.csr.uri, uri);
    assert.equal(verdict.csr.id.service, 'web');
    assert.deepEqual(verdict.csr.publicKeyInfo, publicKeyInfoOf(own));
  });
}

test('the trust domain is compared in any case', async () => {
  const pem = await makeCsr({ key, commonName: 'web', uriSans: [uri.replace('consul', 'CONSUL')] });
  assert.ok((await checkCsr(pem, where)).isGood);
});

for (const [promise, uriSans, dnsSans, reason] of [
  ['without a URI', [], ['web'], /has 0 URI names/],
  ['with two URIs', [uri, 'spiffe://1-2.consul/ns/default/dc/dc1/svc/db'], [], /has 2 URI names/],
  ['with the same URI twice', [uri, uri], [], /has 2 URI names/],
  ['with a DNS name besides', [uri], ['web'], /names besides its URI/],
  ['for another trust domain', [uri.replace('1-2', '3-4')], [], /trust domain 3-4.consul, not for ours/],
  ['for another datacenter', [uri.replace('dc1', 'dc2')], [], /datacenter dc2, not for ours/],
  ['for the CA itself', ['spiffe://1-2.consul'], [], /not in the expected format/],
  ['for an agent', ['spiffe://1-2.consul/agent/client/dc/dc1/id/n'], [], /not in the expected format/],
  ['for a name with a slash', [`${uri}%2Fx`], [], /not in the expected format/],
  ['for a web page', ['https://example.com/'], [], /not in the expected format/],
] as const) {
  test(`a CSR ${promise} is refused`, async () => {
    const verdict = await checkCsr(await makeCsr({ key, commonName: 'web', uriSans, dnsSans }), where);
    assert.match(verdict.isGood ? 'good' : verdict.reason, reason);
  });
}

test('no change after the signature gets another name or key signed', async () => {
  const pem = await makeCsr({ key, commonName: 'web', uriSans: [uri] });
  const der = Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  await fc.assert(
    fc.asyncProperty(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] ?? 0) ^ change;
      const verdict = await checkCsr(toPem(changed), where);
      if (!verdict.isGood) return; // all but a change in the outermost header, which is not signed and says nothing
      assert.deepEqual([verdict.csr.uri, verdict.csr.publicKeyInfo], [uri, publicKeyInfoOf(key)], `byte ${at}`);
    }),
    { numRuns: 300 },
  );
});

test('bytes that are no CSR are refused and never throw', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      assert.deepEqual(await checkCsr(toPem(Buffer.from(bytes)), where), {
        isGood: false,
        reason: 'the CSR is malformed',
      });
    }),
  );
  assert.ok(!(await checkCsr('', where)).isGood);
  assert.ok(!(await checkCsr('x'.repeat(20_000), where)).isGood);
});

test('a CSR that is cut, stretched or doubled somewhere is refused, or says what was signed', async () => {
  const der = Buffer.from(
    (await makeCsr({ key, commonName: 'web', uriSans: [uri] })).replace(/-----[^-]+-----|\s/g, ''),
    'base64',
  );
  await fc.assert(
    fc.asyncProperty(mutatedBytes([der]), async (bytes) => {
      const verdict = await checkCsr(toPem(bytes), where);
      if (verdict.isGood) assert.deepEqual([verdict.csr.uri, verdict.csr.publicKeyInfo], [uri, publicKeyInfoOf(key)]);
    }),
    { numRuns: fuzzRuns(500) },
  );
});

test('a CSR nested without measure is refused', { timeout: 20_000 }, async () => {
  const deep = Buffer.from('3080'.repeat(7_000), 'hex');
  assert.ok(!(await checkCsr(toPem(deep), where)).isGood);
});

function toPem(der: Buffer): string {
  return `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
}
