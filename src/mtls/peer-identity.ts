/** Who is at the other end, read from a certificate whose chain was verified. */

import { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import { formatSerial, parseSpiffeId, type ServiceId, uriSansOf } from '../pki/index.ts';
import type { Peer } from './state.ts';

export type PeerReading =
  | { readonly ok: true; readonly peer: Peer; readonly id: ServiceId }
  | { readonly ok: false; readonly reason: string };

/** Exactly one URI SAN, which names a service of `trustDomain`. The subject is not looked at. */
export function readPeer(socket: tls.TLSSocket, trustDomain: string): PeerReading {
  const certificate = certificateOf(socket);
  if (certificate === undefined) return refused('no certificate');
  const uris = uriSansOf(certificate);
  const [uri] = uris;
  if (uri === undefined || uris.length > 1)
    return refused(`a certificate with ${uris.length} URI names instead of one`);
  const id = parseSpiffeId(uri);
  if (id?.kind !== 'service') return refused(`${JSON.stringify(uri)} is no identity of a service`);
  if (id.trustDomain !== trustDomain.toLowerCase()) return refused(`${uri} is of another trust domain`);
  // Rules name no partition, so what they allow must not be borrowed from another one.
  if (id.partition !== 'default') return refused(`${uri} is of another partition`);
  const { service, namespace, datacenter } = id;
  const serial = formatSerial(certificate.serialNumber);
  return { ok: true, id, peer: { spiffeId: uri, service, namespace, datacenter, serial } };
}

function refused(reason: string): PeerReading {
  return { ok: false, reason };
}

function certificateOf(socket: tls.TLSSocket): X509Certificate | undefined {
  const certificate = socket.getPeerX509Certificate();
  if (certificate !== undefined) pin(socket, certificate);
  return certificate;
}

/**
 * What Node has read of the far end while it dialled is what everybody reads from then on, `readPeer` too. Node's own
 * `getPeerX509Certificate` takes a certificate out of the peer's chain with each call, so that whoever calls next, a user for example,
 * would read the issuer's for the peer's; and it never frees what it took, some kilobytes for each connection.
 */
export function pinCertificate(socket: tls.TLSSocket, der: Buffer): void {
  pin(socket, new X509Certificate(der));
}

function pin(socket: tls.TLSSocket, certificate: X509Certificate): void {
  socket.getPeerX509Certificate = () => certificate;
}
