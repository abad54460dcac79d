/** Root certificate and key of the built-in provider: which ones a configuration leads to. */

import { X509Certificate } from 'node:crypto';
import { Secret } from '../../base/index.ts';
import {
  defaultKeyKind,
  formatPrivateKey,
  generateKey,
  type KeyKind,
  kindOfKey,
  makeRoot,
  parsePrivateKey,
  publicKeyInfoOf,
} from '../../issuing/index.ts';
import { parseCertificate, splitCertificates } from '../../pki/index.ts';
import type { CaSettings } from './ca-config.ts';
import type { SigningTerms } from './provider.ts';

export interface Signer {
  /** PEM. */
  readonly certificate: string;
  readonly key: Secret;
}

/** From a stored root. Throws when its key is not there. */
export function createSigner(certificate: string, key: string | undefined): Signer {
  if (key === undefined) throw new Error('the key of the active root is missing from the store');
  return { certificate, key: new Secret(key) };
}

/**
 * The root that `settings` ask for, or undefined when that is `current`. Only another key, kind of key or certificate leads away from it:
 * settings without a key keep it, so that reading the configuration, which never shows the key, and writing it back changes nothing.
 * Throws an Error that says what does not fit.
 */
export async function chooseSigner(
  current: Signer | undefined,
  settings: CaSettings,
  trustDomain: string,
  terms: () => Omit<SigningTerms, 'ttl'>,
  now: number,
): Promise<Signer | undefined> {
  const { privateKey, rootCert, keyKind } = settings;
  if (rootCert !== undefined) return chooseGivenRoot(current, rootCert, privateKey, now);
  if (privateKey !== undefined && current !== undefined && isSameKey(privateKey, current.key)) return undefined;
  if (privateKey === undefined && current !== undefined && (keyKind === undefined || isOfKind(current.key, keyKind)))
    return undefined;
  const key = privateKey === undefined ? await generateKey(keyKind ?? defaultKeyKind) : parsePrivateKey(privateKey);
  const certificate = await makeRoot({ trustDomain, key, ...terms() });
  return { certificate, key: formatPrivateKey(key) };
}

/** Bring your own root. */
function chooseGivenRoot(
  current: Signer | undefined,
  rootCert: string,
  key: Secret | undefined,
  now: number,
): Signer | undefined {
  const [certificate, ...others] = splitCertificates(rootCert);
  const given = certificate === undefined ? undefined : parseCertificate(certificate);
  if (certificate === undefined || given === undefined) throw new Error('RootCert: expected a certificate in PEM');
  if (others.length > 0) throw new Error('RootCert: expected one certificate, the root alone');
  const isCurrent = current !== undefined && new X509Certificate(current.certificate).raw.equals(given.raw);
  if (isCurrent && (key === undefined || isSameKey(key, current.key))) return undefined;
  if (key === undefined) throw new Error('must provide a private key when providing a root cert');
  if (!given.ca || given.issuer !== given.subject || !given.verify(given.publicKey))
    throw new Error('RootCert: expected a CA certificate signed by its own key');
  if (now < given.validFromDate.getTime() || now >= given.validToDate.getTime())
    throw new Error(
      `RootCert: valid from ${given.validFromDate.toISOString()} to ${given.validToDate.toISOString()} only`,
    );
  return { certificate, key };
}

function isSameKey(a: Secret, b: Secret): boolean {
  return publicKeyInfoOf(parsePrivateKey(a)).equals(publicKeyInfoOf(parsePrivateKey(b)));
}

function isOfKind(key: Secret, { type, bits }: KeyKind): boolean {
  const own = kindOfKey(parsePrivateKey(key));
  return own.type === type && own.bits === bits;
}
