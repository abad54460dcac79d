/**
 * Certificates made: roots, leafs, cross-signed roots. Each has the shape that Consul 1.10 gives it, extension by extension, since its proxies
 * and Envoy are among those who verify it. Source: RFC 5280; certificates of Consul 1.10.0.
 */

import { createPublicKey, type KeyObject, type webcrypto } from 'node:crypto';
import { formatColonHex } from '../pki/index.ts';
import { keyIdOf, publicKeyInfoOf, toSigningKey } from './key.ts';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from './x509.ts';

/** What signs: a CA certificate with its key, read once. */
export interface Issuer {
  /** PEM. */
  readonly certificate: string;
  /** Hex: what the certificates that it signs name as their authority's key. */
  readonly keyId: string;
  /** Milliseconds since the epoch: nothing that it signs outlives it. */
  readonly notAfter: number;
  readonly subject: Name;
  readonly signingKey: webcrypto.CryptoKey;
}

const minute = 60_000;
const day = 86_400_000;

/** Certificates are valid from a minute ago on, so that a peer whose clock runs behind accepts them. */
const clockSkew = minute;

const crossSignedLife = 7 * day;

const usagesOfCa = KeyUsageFlags.digitalSignature | KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign;
const usagesOfLeaf =
  KeyUsageFlags.digitalSignature |
  KeyUsageFlags.keyEncipherment |
  KeyUsageFlags.dataEncipherment |
  KeyUsageFlags.keyAgreement;

const purposes = { clientAuth: '1.3.6.1.5.5.7.3.2', serverAuth: '1.3.6.1.5.5.7.3.1' } as const;
export type Purpose = keyof typeof purposes;

/** Throws an Error when `certificate` is no CA certificate of `key`. */
export function readIssuer(certificate: string, key: KeyObject): Issuer {
  const read = new X509Certificate(certificate);
  if (!read.getExtension(BasicConstraintsExtension)?.ca) throw new Error('the root certificate is not a CA');
  if (!createPublicKey(key).equals(createPublicKey(certificate)))
    throw new Error('the private key does not belong to the root certificate');
  return {
    certificate,
    keyId: subjectKeyIdOf(read),
    notAfter: read.notAfter.getTime(),
    subject: read.subjectName,
    signingKey: toSigningKey(key),
  };
}

/** The key identifier that `certificate` (PEM) has as an issuer, as Consul shows it: colon-separated hex. */
export function signingKeyIdOf(certificate: string): string {
  return formatColonHex(subjectKeyIdOf(new X509Certificate(certificate)));
}

/** Verifiers compare a leaf's authority key with what its issuer says of itself, so that comes first. */
function subjectKeyIdOf(certificate: X509Certificate): string {
  const own = certificate.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  return own ?? keyIdOf(Buffer.from(certificate.publicKey.rawData));
}

export interface RootWanted {
  readonly trustDomain: string;
  readonly key: KeyObject;
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly peersNow?: number | undefined;
}

/** A self-signed root, valid for ten years of the calendar. PEM. */
export async function makeRoot({ trustDomain, key, serial, now, peersNow = now }: RootWanted): Promise<string> {
  const publicKeyInfo = publicKeyInfoOf(key);
  const keyId = keyIdOf(publicKeyInfo);
  const name = commonName(rootName(keyId, trustDomain));
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + 10);
  const root = await X509CertificateGenerator.create({
    serialNumber: formatSerialNumber(serial),
    subject: name,
    issuer: name,
    notBefore: new Date(Math.min(now, peersNow)),
    notAfter,
    publicKey: publicKeyInfo,
    signingKey: toSigningKey(key),
    extensions: [
      new KeyUsagesExtension(usagesOfCa, true),
      new BasicConstraintsExtension(true, undefined, true),
      new SubjectKeyIdentifierExtension(keyId),
      new AuthorityKeyIdentifierExtension(keyId),
      namesOf([`spiffe://${trustDomain}`], []),
    ],
  });
  return toPem(root);
}

export interface LeafWanted {
  readonly issuer: Issuer;
  /** DER. */
  readonly publicKeyInfo: Buffer;
  readonly commonName: string;
  /** One, unless a test needs what nobody should accept. */
  readonly uriSans: readonly string[];
  readonly dnsSans?: readonly string[];
  readonly serial: number;
  /** Milliseconds since the epoch, as are the two below. */
  readonly now: number;
  /** The time of those who verify, where it is behind `now`: they accept the certificate already. What else is said of it stays. */
  readonly peersNow?: number | undefined;
  /** Length of its life, which begins a minute before `now`, or less when it is short. */
  readonly ttl: number;
  /** In the place of what `now` and `ttl` give. */
  readonly notBefore?: number;
  readonly notAfter?: number;
  /** Both, when absent. */
  readonly purposes?: readonly Purpose[];
}

export interface Leaf {
  readonly pem: string;
  /** Milliseconds since the epoch, whole seconds as in the certificate (but see `peersNow`). */
  readonly notBefore: number;
  readonly notAfter: number;
}

/** A leaf, which never outlives its issuer. */
export async function issueLeaf(wanted: LeafWanted): Promise<Leaf> {
  const { issuer, publicKeyInfo } = wanted;
  const { now, peersNow = now } = wanted;
  const skew = Math.min(clockSkew, wanted.ttl / 10);
  const notBefore = wholeSeconds(wanted.notBefore ?? now - skew);
  const acceptedFrom = wanted.notBefore ?? Math.min(now, peersNow) - skew;
  const notAfter = wholeSeconds(wanted.notAfter ?? Math.min(notBefore + wanted.ttl, issuer.notAfter));
  const leaf = await X509CertificateGenerator.create({
    serialNumber: formatSerialNumber(wanted.serial),
    subject: commonName(wanted.commonName),
    issuer: issuer.subject,
    notBefore: new Date(wholeSeconds(acceptedFrom)),
    notAfter: new Date(notAfter),
    publicKey: publicKeyInfo,
    signingKey: issuer.signingKey,
    extensions: [
      new KeyUsagesExtension(usagesOfLeaf, true),
      new ExtendedKeyUsageExtension((wanted.purposes ?? ['clientAuth', 'serverAuth']).map((name) => purposes[name])),
      new BasicConstraintsExtension(false, undefined, true),
      new SubjectKeyIdentifierExtension(keyIdOf(publicKeyInfo)),
      new AuthorityKeyIdentifierExtension(issuer.keyId),
      namesOf(wanted.uriSans, wanted.dnsSans ?? []),
    ],
  });
  return { pem: toPem(leaf), notBefore, notAfter };
}

function wholeSeconds(instant: number): number {
  return Math.floor(instant / 1_000) * 1_000;
}

export interface CrossSigned {
  /** The old root. */
  readonly issuer: Issuer;
  /** The new root, PEM. */
  readonly root: string;
  readonly serial: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly peersNow?: number | undefined;
}

/**
 * The new root as the old one vouches for it: with it, a leaf of the new root also leads to the old one. What the root says of itself is
 * kept, but for its authority. Valid for a week. PEM.
 */
export async function crossSign({ issuer, root, serial, now, peersNow = now }: CrossSigned): Promise<string> {
  const read = new X509Certificate(root);
  const authority = new AuthorityKeyIdentifierExtension(issuer.keyId);
  const extensions: Extension[] = read.extensions.map((own) => (own.type === authority.type ? authority : own));
  if (!extensions.includes(authority)) extensions.push(authority);
  const notBefore = now - clockSkew;
  const crossSigned = await X509CertificateGenerator.create({
    serialNumber: formatSerialNumber(serial),
    subject: read.subjectName,
    issuer: issuer.subject,
    notBefore: new Date(Math.min(notBefore, peersNow - clockSkew)),
    notAfter: new Date(Math.min(notBefore + crossSignedLife, issuer.notAfter, read.notAfter.getTime())),
    publicKey: Buffer.from(read.publicKey.rawData),
    signingKey: issuer.signingKey,
    extensions,
  });
  return toPem(crossSigned);
}

/** Longest common name that X.509 allows. Source: RFC 5280, appendix A.1, ub-common-name. */
const longestCommonName = 64;

/** The subject of a service's leaf. For people: nothing is decided by it. */
export function leafName(service: string, namespace: string, trustDomain: string): string {
  return `${dnsLabel(service)}.svc.${dnsLabel(namespace)}.${shortTrustDomain(trustDomain)}.consul`.slice(
    0,
    longestCommonName,
  );
}

/** Differs from key to key, so that chains can be told apart by name. */
function rootName(keyId: string, trustDomain: string): string {
  const id = BigInt(`0x${keyId}`).toString(36).padStart(8, '0').slice(-8);
  return `pri-${id}.consul.ca.${shortTrustDomain(trustDomain)}.consul`;
}

function shortTrustDomain(trustDomain: string): string {
  return dnsLabel(trustDomain.slice(0, 8));
}

function dnsLabel(text: string): string {
  return text.toLowerCase().replace(/[^a-z0-9-]/g, '');
}

export function commonName(name: string): Name {
  return new Name([{ CN: [{ printableString: name }] }]);
}

export function namesOf(uris: readonly string[], dnsNames: readonly string[]): SubjectAlternativeNameExtension {
  return new SubjectAlternativeNameExtension([
    ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
    ...uris.map((value) => ({ type: 'url' as const, value })),
  ]);
}

/** Hex of a positive integer. Source: RFC 5280, 4.1.2.2. */
function formatSerialNumber(serial: number): string {
  if (!Number.isSafeInteger(serial) || serial < 1) throw new Error(`${serial} is no serial number`);
  const hex = serial.toString(16);
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

/** As Go writes PEM, with the newline at the end. */
function toPem(certificate: X509Certificate): string {
  return `${certificate.toString('pem').trimEnd()}\n`;
}
