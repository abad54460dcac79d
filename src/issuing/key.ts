/** Private keys: made, read from whatever PEM form they come in, written as Consul writes them. */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  type webcrypto,
} from 'node:crypto';
import { promisify } from 'node:util';
import { InputError, Secret } from '../base/index.ts';

export interface KeyKind {
  readonly type: 'ec' | 'rsa';
  /** Of the curve, or of the modulus. */
  readonly bits: number;
}

/** What keys are made as unless something else is asked for. */
export const defaultKeyKind: KeyKind = { type: 'ec', bits: 256 };

const curves: ReadonlyMap<number, string> = new Map([
  [256, 'P-256'],
  [384, 'P-384'],
  [521, 'P-521'],
]);
const rsaBits: ReadonlySet<number> = new Set([2_048, 4_096]);

const generate = promisify(generateKeyPair);

/** Undefined for a kind that we make; otherwise what is wrong with it. */
export function problemWithKeyKind({
  type,
  bits,
}: {
  readonly type: string;
  readonly bits: number;
}): string | undefined {
  if (type === 'ec') return curves.has(bits) ? undefined : `EC key length must be one of (256, 384, 521) bits`;
  if (type === 'rsa') return rsaBits.has(bits) ? undefined : `RSA key length must be 2048 or 4096 bits`;
  return `private key type must be either 'ec' or 'rsa'`;
}

/** Throws an InputError for a kind that we don't make. */
export async function generateKey(kind: KeyKind = defaultKeyKind): Promise<KeyObject> {
  const problem = problemWithKeyKind(kind);
  if (problem !== undefined) throw new InputError('', problem);
  const { privateKey } =
    kind.type === 'ec'
      ? await generate('ec', { namedCurve: curves.get(kind.bits) ?? '' })
      : await generate('rsa', { modulusLength: kind.bits });
  return privateKey;
}

/** Reads SEC1, PKCS #1 and PKCS #8. Throws an InputError, which never quotes the key, for anything else and for kinds that can't sign here. */
export function parsePrivateKey(pem: Secret): KeyObject {
  let key: KeyObject;
  try {
    key = createPrivateKey(pem.reveal());
  } catch {
    throw new InputError('', 'expected an EC or RSA private key in PEM, without a passphrase');
  }
  kindOfKey(key);
  return key;
}

/** Also of a public key. Throws an InputError for a kind that can't sign here: other curves, RSA below 2048 bits, Ed25519. */
export function kindOfKey(key: KeyObject): KeyKind {
  const { namedCurve, modulusLength } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'ec') {
    const bits = { prime256v1: 256, secp384r1: 384, secp521r1: 521 }[namedCurve ?? ''];
    if (bits !== undefined) return { type: 'ec', bits };
    throw new InputError('', `the curve ${namedCurve} is not supported; P-256, P-384 and P-521 are`);
  }
  if (key.asymmetricKeyType === 'rsa' && modulusLength !== undefined) {
    if (modulusLength >= 2_048 && modulusLength <= 16_384) return { type: 'rsa', bits: modulusLength };
    throw new InputError('', `an RSA key needs 2048 bits or more, this one has ${modulusLength}`);
  }
  throw new InputError('', `keys of type ${key.asymmetricKeyType} are not supported; EC and RSA are`);
}

/** PEM as Go programs expect it: SEC1 (`EC PRIVATE KEY`) or PKCS #1 (`RSA PRIVATE KEY`). */
export function formatPrivateKey(key: KeyObject): Secret {
  const type = kindOfKey(key).type === 'ec' ? 'sec1' : 'pkcs1';
  return new Secret(key.export({ type, format: 'pem' }).toString());
}

/** DER of the SubjectPublicKeyInfo, of a private or a public key. */
export function publicKeyInfoOf(key: KeyObject): Buffer {
  return (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' });
}

/** The key identifier that Consul gives: SHA-256 of the SubjectPublicKeyInfo, as hex. */
export function keyIdOf(publicKeyInfo: Buffer): string {
  return createHash('sha256').update(publicKeyInfo).digest('hex');
}

/** The key as the X.509 library takes it. Signatures are made with SHA-256 whatever the key, as Consul does. */
export function toSigningKey(key: KeyObject): webcrypto.CryptoKey {
  return toCryptoKey(key, 'sign');
}

export function toVerifyingKey(key: KeyObject): webcrypto.CryptoKey {
  return toCryptoKey(key.type === 'private' ? createPublicKey(key) : key, 'verify', true);
}

function toCryptoKey(key: KeyObject, usage: 'sign' | 'verify', isExtractable = false): webcrypto.CryptoKey {
  const { type, bits } = kindOfKey(key);
  const algorithm =
    type === 'ec'
      ? { name: 'ECDSA', namedCurve: curves.get(bits) ?? '' }
      : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  return key.toCryptoKey(algorithm, isExtractable, [usage]);
}
