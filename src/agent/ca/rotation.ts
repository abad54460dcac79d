/** Root rotation as values: the rows before and a new root give the rows after. Nothing is signed or stored here. */

import { createHash, X509Certificate } from 'node:crypto';
import type { CaRootRow } from '../state/tables.ts';
import type { ProviderRoot } from './provider.ts';

export interface NewRoot {
  readonly root: ProviderRoot;
  /** PEM; kept with the active root alone. Absent when the provider keeps its key to itself. */
  readonly signingKey?: string;
  /** The new root as the old one vouches for it, PEM. */
  readonly intermediates: readonly string[];
  /** `<uuid>` of the trust domain `<uuid>.consul`. */
  readonly clusterId: string;
}

/** The row of a root that is active from now on. */
export function activeRow({ root, signingKey, intermediates, clusterId }: NewRoot): CaRootRow {
  const certificate = new X509Certificate(root.certificate);
  return {
    id: rootIdOf(root.certificate),
    name: root.title,
    // The API shows a number; of a longer serial than 64 bits, which only a foreign root can have, the lower ones.
    serialNumber: Number(BigInt.asUintN(64, BigInt(`0x${certificate.serialNumber.replace('-', '')}`))),
    signingKeyId: root.signingKeyId,
    externalTrustDomain: clusterId,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    rootCert: root.certificate,
    intermediateCerts: intermediates,
    active: true,
    privateKeyType: root.keyKind.type,
    privateKeyBits: root.keyKind.bits,
    ...(signingKey === undefined ? {} : { signingKey }),
  };
}

/**
 * The rows to write, as one step, when `next` takes over: the root active until now stays trusted, loses its key, and is dropped later.
 * A root that was active before and comes back is active again.
 */
export function planRotation(rows: Iterable<CaRootRow>, next: CaRootRow, now: number): CaRootRow[] {
  const retired = [...rows]
    .filter((row) => row.active && row.id !== next.id)
    .map(({ signingKey: _, ...row }) => ({ ...row, active: false, rotatedOutAt: now }));
  return [...retired, next];
}

/** Roots that no living leaf leads to any more: rotated out longer ago than twice the life of a leaf. */
export function outlivedRoots<R extends Pick<CaRootRow, 'active' | 'rotatedOutAt'>>(
  rows: Iterable<R>,
  leafTtl: number,
  now: number,
): R[] {
  return [...rows].filter(
    ({ active, rotatedOutAt }) => !active && rotatedOutAt !== undefined && now - rotatedOutAt > 2 * leafTtl,
  );
}

/** SHA-1 of the certificate, which is a name here and proves nothing. */
export function rootIdOf(certificate: string): string {
  const digest = createHash('sha1').update(new X509Certificate(certificate).raw).digest('hex');
  return digest.match(/../g)?.join(':') ?? '';
}
