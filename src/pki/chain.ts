/** Is a leaf fit for use? Asked of every new one before it takes the place of the old: a bad one must never get that far. */

import { createPrivateKey, type X509Certificate } from 'node:crypto';
import { messageOf, type Secret } from '../base/index.ts';
import { type CertificateFacts, parseCertificate, readCertificate, theOneUriSan } from './certificate.ts';
import { splitCertificates } from './pem.ts';

export interface LeafToVerify {
  /** PEM, the leaf first, then its intermediates in any order. */
  readonly chainPem: string;
  /** PEM, one certificate each; all of them are trusted. */
  readonly roots: readonly string[];
  /** PEM; when given it must be the leaf's. */
  readonly key?: Secret;
  /** What the leaf must prove, exactly. */
  readonly spiffeId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export type Verdict =
  | { readonly isGood: true; readonly leaf: CertificateFacts }
  | { readonly isGood: false; readonly reason: string };

/** Never throws; the reason of a refusal is for people and holds nothing secret. */
export function verifyLeaf({ chainPem, roots, key, spiffeId, now }: LeafToVerify): Verdict {
  const [leafPem, ...intermediates] = splitCertificates(chainPem);
  const leaf = leafPem === undefined ? undefined : parseCertificate(leafPem);
  const facts = leafPem === undefined ? undefined : readCertificate(leafPem);
  if (leaf === undefined || facts === undefined) return bad('there is no certificate that can be read');

  const uri = theOneUriSan(leaf);
  if (uri === undefined) return bad(`the leaf has ${facts.uriSans.length} URI names instead of one`);
  if (uri !== spiffeId) return bad(`the leaf is for ${uri}, not for ${spiffeId}`);
  if (leaf.ca) return bad('the leaf is a CA certificate');
  if (now < facts.notBefore) return bad(`the leaf is not valid before ${leaf.validFromDate.toISOString()}`);
  if (now > facts.notAfter) return bad(`the leaf expired at ${leaf.validToDate.toISOString()}`);

  const problem = key && problemWithKey(leaf, key);
  if (problem !== undefined) return bad(problem);

  const trusted = readAll(roots);
  if (!reachesRoot(leaf, readAll(intermediates), trusted, now))
    return bad(`the leaf's chain ends in none of the ${trusted.length} trusted roots`);
  return { isGood: true, leaf: facts };
}

function bad(reason: string): Verdict {
  return { isGood: false, reason };
}

function problemWithKey(leaf: X509Certificate, key: Secret): string | undefined {
  try {
    return leaf.checkPrivateKey(createPrivateKey(key.reveal())) ? undefined : "the private key is not the leaf's";
  } catch (error) {
    return `the private key can't be read: ${messageOf(error)}`;
  }
}

function readAll(certificates: readonly string[]): X509Certificate[] {
  return certificates.map(parseCertificate).filter((certificate) => certificate !== undefined);
}

/**
 * Whether some way leads from `leaf` over `intermediates` to a root, each step signed and each signer a CA that is valid now.
 * An expired intermediate closes its own way only: agents go on sending one after it has served.
 * Names and signatures decide; key identifiers don't, since old Consul versions write them wrongly.
 */
function reachesRoot(
  leaf: X509Certificate,
  intermediates: readonly X509Certificate[],
  roots: readonly X509Certificate[],
  now: number,
): boolean {
  const reached = [leaf];
  const unreached = new Set(intermediates);
  for (const certificate of reached) {
    if (roots.some((root) => isIssuedBy(certificate, root, now))) return true;
    for (const next of unreached) {
      if (!isIssuedBy(certificate, next, now)) continue;
      unreached.delete(next);
      reached.push(next);
    }
  }
  return false;
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate, now: number): boolean {
  return (
    issuer.ca &&
    certificate.issuer === issuer.subject &&
    now >= issuer.validFromDate.getTime() &&
    now <= issuer.validToDate.getTime() &&
    certificate.verify(issuer.publicKey)
  );
}
