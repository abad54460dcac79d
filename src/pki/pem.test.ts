import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { joinCertificates, splitCertificates } from './pem.ts';

const certificate = (base64: string): string => `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;

test('certificates are found in order, whatever stands between them', () => {
  const key = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';
  const text = `# leaf\n${certificate('AAAA')}${key}\r\n${certificate('BBBB').trimEnd()}`;
  assert.deepEqual(splitCertificates(text), [certificate('AAAA'), certificate('BBBB')]);
});

test('what is split is joined again', () => {
  fc.assert(
    fc.property(fc.array(fc.base64String({ minLength: 4, maxLength: 40 }), { maxLength: 10 }), (contents) => {
      const certificates = contents.map(certificate);
      assert.deepEqual(splitCertificates(joinCertificates(certificates)), certificates);
    }),
  );
});

test('a block that never ends costs no more than its length', () => {
  assert.deepEqual(splitCertificates('-----BEGIN CERTIFICATE-----\n'.repeat(50_000)), []);
});

test('no more than sixteen certificates are looked at', () => {
  assert.equal(splitCertificates(certificate('AAAA').repeat(1_000)).length, 16);
});
