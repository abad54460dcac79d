import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { Secret } from '../base/index.ts';
import { formatPrivateKey, generateKey, kindOfKey, parsePrivateKey, problemWithKeyKind } from './key.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;

for (const [key, type] of [
  [ec, 'sec1'],
  [ec, 'pkcs8'],
  [rsa, 'pkcs1'],
  [rsa, 'pkcs8'],
] as const) {
  test(`a key of kind ${key.asymmetricKeyType} is read from ${type}`, () => {
    assert.ok(parsePrivateKey(pem(key, type)).equals(key));
  });
}

test('keys are written as Go programs expect them', () => {
  assert.match(formatPrivateKey(ec).reveal(), /^-----BEGIN EC PRIVATE KEY-----\n[^-]*-----END EC PRIVATE KEY-----\n$/);
  assert.match(formatPrivateKey(rsa).reveal(), /^-----BEGIN RSA PRIVATE KEY-----\n/);
  assert.equal(inspect(formatPrivateKey(ec)), '[secret]');
});

test('the default is P-256', async () => {
  assert.deepEqual(kindOfKey(await generateKey()), { type: 'ec', bits: 256 });
});

for (const [promise, text] of [
  ['text that is no key', 'nothing'],
  ['a public key', 'public'],
  ['an Ed25519 key', pem(generateKeyPairSync('ed25519').privateKey, 'pkcs8').reveal()],
  ['a P-224 key', pem(generateKeyPairSync('ec', { namedCurve: 'secp224r1' }).privateKey, 'sec1').reveal()],
  ['an RSA key of 1024 bits', pem(generateKeyPairSync('rsa', { modulusLength: 1_024 }).privateKey, 'pkcs1').reveal()],
  [
    'a key under a passphrase',
    ec.export({ type: 'pkcs8', format: 'pem', cipher: 'aes128', passphrase: 'x' }).toString(),
  ],
] as const) {
  test(`${promise} is refused, and the message holds nothing of it`, () => {
    assert.throws(
      () => parsePrivateKey(new Secret(text)),
      (error: Error) => {
        assert.equal(error.name, 'InputError');
        for (const line of text.split('\n').slice(1, -1)) assert.ok(line === '' || !inspect(error).includes(line));
        return true;
      },
    );
  });
}

for (const [type, bits, problem] of [
  ['ec', 256, undefined],
  ['ec', 521, undefined],
  ['rsa', 4_096, undefined],
  ['ec', 224, /EC key length must be one of/],
  ['rsa', 1_024, /RSA key length must be 2048 or 4096/],
  ['dsa', 2_048, /must be either 'ec' or 'rsa'/],
] as const) {
  test(`keys ${type} ${bits} are ${problem === undefined ? 'made' : 'not made'}`, () => {
    const found = problemWithKeyKind({ type, bits });
    if (problem === undefined) assert.equal(found, undefined);
    else assert.match(found ?? '', problem);
  });
}

function pem(key: KeyObject, type: 'sec1' | 'pkcs1' | 'pkcs8'): Secret {
  return new Secret(key.export({ type, format: 'pem' } as never).toString());
}
