import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createThrowawayCa } from '../issuing/index.ts';
import { fuzzRuns, mutatedBytes } from '../testing/fuzz.ts';
import { formatSerial, parseUriSans, readCertificate, theOneUriSan, uriSansOf } from './certificate.ts';

for (const [names, uris] of [
  ['', []],
  ['DNS:web', []],
  ['URI:spiffe://a/b', ['spiffe://a/b']],
  ['DNS:web, URI:spiffe://a/b, IP Address:127.0.0.1', ['spiffe://a/b']],
  ['URI:spiffe://a/b, URI:spiffe://c/d', ['spiffe://a/b', 'spiffe://c/d']],
  ['URI:"spiffe://a/b, URI:spiffe://c/d"', ['spiffe://a/b, URI:spiffe://c/d']],
  ['DNS:"x, URI:spiffe://c/d", URI:spiffe://a/b', ['spiffe://a/b']],
  ['DNS:"x\\", URI:spiffe://c/d", URI:spiffe://a/b', ['spiffe://a/b']],
  ['DirName:"CN = x\\\\", URI:spiffe://a/b', ['spiffe://a/b']],
  ['othername:"1.2;UTF8:x, URI:spiffe://c/d"', []],
  ['othername:1.2;UTF8:"x, URI:spiffe://c/d", URI:spiffe://a/b', ['spiffe://a/b']],
  ['URI:"spiffe://a/b', undefined],
  ['URI:"spiffe://a/b"x', undefined],
] as const) {
  test(`in ${JSON.stringify(names)} ${uris === undefined ? 'nothing can be relied on' : `${uris.length} URIs are found`}`, () => {
    assert.deepEqual(parseUriSans(names), uris);
  });
}

test('whatever other names hold, the URIs found are those that were put in', () => {
  const value = fc.string({ unit: 'binary', maxLength: 30 });
  const entry = fc.tuple(fc.constantFrom('DNS', 'URI', 'email', 'DirName'), value);
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 8 }), (entries) => {
      const printed = entries.map(([kind, text]) => `${kind}:${JSON.stringify(text)}`).join(', ');
      const uris = entries.filter(([kind]) => kind === 'URI').map(([, text]) => text);
      assert.deepEqual(parseUriSans(printed), uris);
    }),
  );
});

test('no list of names makes the reader throw', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (names) => void parseUriSans(names)));
});

test('a name that holds a comma and looks like two is read from a real certificate as one', async () => {
  const ca = await createThrowawayCa();
  const crafted = 'spiffe://x/a, URI:spiffe://x/b';
  const { chain } = await ca.issue('web', { uriSans: [crafted], dnsSans: ['web'] });
  const certificate = new X509Certificate(chain);
  assert.deepEqual(uriSansOf(certificate), [crafted]);
  assert.equal(theOneUriSan(certificate), crafted);
});

test('a certificate with two URIs has not the one', async () => {
  const ca = await createThrowawayCa();
  const { chain } = await ca.issue('web', { uriSans: ['spiffe://x/a', 'spiffe://x/b'] });
  const certificate = new X509Certificate(chain);
  assert.deepEqual(uriSansOf(certificate), ['spiffe://x/a', 'spiffe://x/b']);
  assert.equal(theOneUriSan(certificate), undefined);
});

for (const [hex, serial] of [
  ['0B', '0b'],
  ['B', '0b'],
  ['0552', '05:52'],
  ['552', '05:52'],
  ['00FF', 'ff'],
  ['-05', '05'],
  ['0', ''],
  ['00', ''],
] as const) {
  test(`serial number ${hex} is written ${JSON.stringify(serial)}`, () => assert.equal(formatSerial(hex), serial));
}

test('text that is no certificate is undefined, never an error', () => {
  assert.equal(readCertificate(''), undefined);
  assert.equal(readCertificate('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'), undefined);
  fc.assert(fc.property(fc.string(), (text) => void readCertificate(text)));
});

test('a damaged certificate is read with all of its parts, or not at all', async () => {
  const ca = await createThrowawayCa();
  const { chain } = await ca.issue('web', { uriSans: ['spiffe://x/a, URI:"b"'], dnsSans: ['web'] });
  const { raw } = new X509Certificate(chain);
  fc.assert(
    fc.property(mutatedBytes([raw]), (der) => {
      const facts = readCertificate(
        `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`,
      );
      if (facts === undefined) return;
      assert.ok(facts.uriSans.every((uri) => typeof uri === 'string'));
      assert.match(facts.serial, /^([\da-f]{2}(:[\da-f]{2})*)?$/);
      assert.equal(typeof facts.isCa, 'boolean');
    }),
    { numRuns: fuzzRuns(1_000) },
  );
});

for (const piece of ['URI:"', 'URI:a, ', '\\"', '"', ','])
  test(`a mebibyte of ${piece} for names is read or refused`, { timeout: 10_000 }, () => {
    void parseUriSans(piece.repeat((1 << 20) / piece.length));
  });
