import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseJson } from '../../http/index.ts';
import { createThrowawayCa, formatPrivateKey, generateKey } from '../../issuing/index.ts';
import { fuzzRuns, mutated, outcomeOf } from '../../testing/fuzz.ts';
import { configWithout, defaultConfig, parseCaConfig } from './ca-config.ts';
import { CaError } from './ca-error.ts';

const hour = 3_600_000;
const keyInPem = '-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n';

test('leafs live three days unless said otherwise, and 50 CSRs are signed per second', () => {
  const usual = { leafTtl: 72 * hour, csrMaxPerSecond: 50, csrMaxConcurrent: 0 };
  assert.deepEqual(parseCaConfig({}), usual);
  assert.deepEqual(parseCaConfig(defaultConfig), usual);
});

for (const [json, leafTtl] of [
  ['{"LeafCertTTL":"1h"}', hour],
  ['{"LeafCertTTL":3600000000000}', hour],
  ['{"LeafCertTTL":31536000000000000}', 8_760 * hour],
  ['{"leaf_cert_ttl":"2h"}', 2 * hour],
  ['{"leafcertttl":"2h"}', 2 * hour],
  ['{"LeafCertTTL":null}', 72 * hour],
] as const) {
  test(`${json} is ${leafTtl / hour} hours`, () => {
    assert.equal(parseCaConfig(parseJson(Buffer.from(json)) as Record<string, unknown>).leafTtl, leafTtl);
  });
}

for (const [config, message] of [
  [{ LeafCertTTL: '10s' }, 'leaf cert TTL must be greater or equal than 1h0m0s'],
  [{ LeafCertTTL: '-1h' }, 'leaf cert TTL must be greater or equal than 1h0m0s'],
  [{ LeafCertTTL: '8761h' }, 'leaf cert TTL must be less than 8760h0m0s'],
  [{ LeafCertTTL: 'soon' }, 'LeafCertTTL: expected a duration such as "72h", or nanoseconds'],
  [{ LeafCertTTL: {} }, 'LeafCertTTL: expected a duration such as "72h", or nanoseconds'],
  [{ RotationPeriod: 'x' }, 'RotationPeriod: expected a duration such as "72h", or nanoseconds'],
  [{ CSRMaxPerSecond: -1 }, 'CSRMaxPerSecond: expected a number, 0 or more'],
  [{ CSRMaxConcurrent: 'many' }, 'CSRMaxConcurrent: expected a number, 0 or more'],
  [{ PrivateKeyType: 'ec', PrivateKeyBits: 224 }, 'EC key length must be one of (256, 384, 521) bits'],
  [{ PrivateKeyType: 'rsa', PrivateKeyBits: 256 }, 'RSA key length must be 2048 or 4096 bits'],
  [{ PrivateKeyType: 'dsa' }, "private key type must be either 'ec' or 'rsa'"],
  [{ PrivateKey: 'hidden' }, 'PrivateKey: expected an EC or RSA private key in PEM, without a passphrase'],
  [{ PrivateKey: 7 }, 'PrivateKey: expected text'],
  [{ root_cert: `…${keyInPem}` }, 'root_cert: holds a private key: it belongs in PrivateKey, which is shown to nobody'],
  [{ Key: [keyInPem] }, 'Key: holds a private key: it belongs in PrivateKey, which is shown to nobody'],
] as const) {
  test(`${JSON.stringify(config)} is refused: ${message}`, () => {
    assert.throws(() => parseCaConfig(config), {
      name: 'CaError',
      code: 'CONFIG_REFUSED',
      message: `error configuring provider: ${message}`,
    });
  });
}

test('the floor of the leaf TTL can be lowered', () => {
  assert.equal(parseCaConfig({ LeafCertTTL: '10s' }, 1_000).leafTtl, 10_000);
  assert.throws(() => parseCaConfig({ LeafCertTTL: '0.5s' }, 1_000), /greater or equal than 1s/);
});

test('an empty key is no key', () => {
  for (const PrivateKey of ['', ' \n', null]) assert.equal(parseCaConfig({ PrivateKey }).privateKey, undefined);
});

test('a key is taken, and an RSA key type has a usual length', async () => {
  const PrivateKey = formatPrivateKey(await generateKey()).reveal();
  assert.equal(parseCaConfig({ PrivateKey }).privateKey?.reveal(), PrivateKey);
  assert.deepEqual(parseCaConfig({ PrivateKeyType: 'rsa' }).keyKind, { type: 'rsa', bits: 2_048 });
  assert.deepEqual(parseCaConfig({ PrivateKeyBits: '384' }).keyKind, { type: 'ec', bits: 384 });
});

test('however its name is spelled, the key is not shown', () => {
  const shown = configWithout(
    { PrivateKey: 'a', privatekey: 'b', private_key: 'c', PRIVATE_KEY: 'd', x: 1 },
    'PrivateKey',
  );
  assert.deepEqual(shown, { x: 1 });
});

test('a damaged key or certificate, or one without end, is a CaError', { timeout: 60_000 }, async () => {
  const key = formatPrivateKey(await generateKey()).reveal();
  const { roots } = await createThrowawayCa();
  const texts = fc.oneof(
    mutated([key, ...roots.certificates]),
    fc.constantFrom(key.repeat(2_000), '-----BEGIN '.repeat(50_000)),
  );
  fc.assert(
    fc.property(texts, fc.constantFrom('PrivateKey', 'RootCert', 'LeafCertTTL'), (text, name) => {
      outcomeOf(() => parseCaConfig({ [name]: text }), CaError);
    }),
    { numRuns: fuzzRuns(300) },
  );
});

test('no configuration makes the parser fail in another way', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom('LeafCertTTL', 'PrivateKey', 'RootCert', 'PrivateKeyBits'), fc.jsonValue()),
      (config) => {
        try {
          parseCaConfig(config as Record<string, unknown>);
        } catch (error) {
          assert.equal((error as Error).name, 'CaError');
        }
      },
    ),
  );
});
