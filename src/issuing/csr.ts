/** Certificate signing requests: made by who holds a key, read and checked by who signs. Source: RFC 2986. */

import { createPublicKey, type KeyObject } from 'node:crypto';
import { parseSpiffeId, type ServiceId } from '../pki/index.ts';
import { commonName, namesOf } from './certificate.ts';
import { kindOfKey, publicKeyInfoOf, toSigningKey, toVerifyingKey } from './key.ts';
import {
  BasicConstraintsExtension,
  Pkcs10CertificateRequest,
  Pkcs10CertificateRequestGenerator,
  SubjectAlternativeNameExtension,
} from './x509.ts';

export interface CsrWanted {
  readonly key: KeyObject;
  readonly commonName: string;
  /** One, unless a test needs what nobody should sign. */
  readonly uriSans: readonly string[];
  readonly dnsSans?: readonly string[];
}

/** PEM. */
export async function makeCsr(wanted: CsrWanted): Promise<string> {
  const csr = await Pkcs10CertificateRequestGenerator.create({
    name: commonName(wanted.commonName),
    keys: { privateKey: toSigningKey(wanted.key), publicKey: toVerifyingKey(wanted.key) },
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' }, // the name gives way to that of the key's own algorithm
    extensions: [namesOf(wanted.uriSans, wanted.dnsSans ?? [])],
  });
  return `${csr.toString('pem').trimEnd()}\n`;
}

export interface Csr {
  readonly pem: string;
  /** The URI as it was asked for, and what it says. */
  readonly uri: string;
  readonly id: ServiceId;
  /** DER. */
  readonly publicKeyInfo: Buffer;
}

export type CsrVerdict =
  | { readonly isGood: true; readonly csr: Csr }
  | { readonly isGood: false; readonly reason: string };

/** In characters; a CSR with a 4096-bit RSA key has about 1700. */
const longest = 16_384;

const extensionRequest = '1.2.840.113549.1.9.14';

/**
 * Reads a CSR and judges whether it may be signed: signed by its own key, asking for one URI and no other name, that of a service of this
 * trust domain and datacenter. Never throws.
 */
export async function checkCsr(
  pem: string,
  where: { readonly trustDomain: string; readonly datacenter: string },
): Promise<CsrVerdict> {
  if (pem.length > longest) return bad(`the CSR is longer than ${longest} characters`);
  let request: Request;
  try {
    request = await readRequest(pem);
  } catch {
    return bad('the CSR is malformed');
  }
  if (!request.isSigned) return bad("the CSR's signature is not valid for its key");
  if (request.problem !== undefined) return bad(request.problem);
  const id = parseSpiffeId(request.uri);
  if (id?.kind !== 'service' || id.service.includes('/'))
    return bad(`SPIFFE ID is not in the expected format: ${request.uri}`);
  if (id.trustDomain !== where.trustDomain.toLowerCase())
    return bad(`the CSR is for trust domain ${id.trustDomain}, not for ours, ${where.trustDomain}`);
  if (id.datacenter !== where.datacenter)
    return bad(`the CSR is for datacenter ${id.datacenter}, not for ours, ${where.datacenter}`);
  return { isGood: true, csr: { pem, uri: request.uri, id, publicKeyInfo: request.publicKeyInfo } };
}

function bad(reason: string): CsrVerdict {
  return { isGood: false, reason };
}

interface Request {
  readonly isSigned: boolean;
  readonly publicKeyInfo: Buffer;
  readonly uri: string;
  readonly problem: string | undefined;
}

/** Throws when anything about the CSR can't be read. */
async function readRequest(pem: string): Promise<Request> {
  const csr = new Pkcs10CertificateRequest(pem);
  const key = createPublicKey({ key: Buffer.from(csr.publicKey.rawData), format: 'der', type: 'spki' });
  kindOfKey(key);
  const names = csr.extensions
    .filter((extension) => extension instanceof SubjectAlternativeNameExtension)
    .flatMap((extension) => extension.names.items);
  return {
    isSigned: await csr.verify(),
    publicKeyInfo: publicKeyInfoOf(key),
    uri: names[0]?.value ?? '',
    problem: problemWithRequest(csr, names),
  };
}

function problemWithRequest(csr: Pkcs10CertificateRequest, names: readonly { type: string }[]): string | undefined {
  if (csr.getAttributes(extensionRequest).length > 1) return 'the CSR asks for extensions more than once';
  if (csr.extensions.some((extension) => extension instanceof BasicConstraintsExtension && extension.ca))
    return 'the CSR asks for a CA certificate';
  const uris = names.filter(({ type }) => type === 'url').length;
  if (uris !== 1) return `the CSR has ${uris} URI names instead of one`;
  return names.length === 1 ? undefined : 'the CSR asks for names besides its URI';
}
