/** What a certificate says, read with Node's own reader. */

import { X509Certificate } from 'node:crypto';

export interface CertificateFacts {
  /** Every URI among the subject's alternative names, in order. */
  readonly uriSans: readonly string[];
  /** Milliseconds since the epoch. */
  readonly notBefore: number;
  readonly notAfter: number;
  /** As Consul writes it: `05:52`. */
  readonly serial: string;
  readonly isCa: boolean;
}

/** Of the first certificate in `pem`; undefined when there is none that can be read. Never throws. */
export function readCertificate(pem: string): CertificateFacts | undefined {
  const certificate = parseCertificate(pem);
  return (
    certificate && {
      uriSans: uriSansOf(certificate),
      notBefore: certificate.validFromDate.getTime(),
      notAfter: certificate.validToDate.getTime(),
      serial: formatSerial(certificate.serialNumber),
      isCa: certificate.ca,
    }
  );
}

/** The first certificate in `pem`, or undefined. Never throws. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/**
 * Every URI among the subject's alternative names. Empty when there are none, and when the list can't be read whole: a certificate that
 * is only half understood proves nothing.
 */
export function uriSansOf(certificate: X509Certificate): string[] {
  return parseUriSans(certificate.subjectAltName ?? '') ?? [];
}

/** The URI of a certificate that has exactly one; undefined when it has none or several. */
export function theOneUriSan(certificate: X509Certificate): string | undefined {
  const uris = uriSansOf(certificate);
  return uris.length === 1 ? uris[0] : undefined;
}

/**
 * The URIs in a list of alternative names as Node prints it: `DNS:web, URI:spiffe://…, URI:"a, \"b\""`. Undefined when it is malformed.
 *
 * A value with odd characters stands in quotes, as JSON. A comma inside quotes parts nothing: splitting at commas would let a certificate
 * with one crafted name show as one with several.
 */
export function parseUriSans(names: string): string[] | undefined {
  const uris: string[] = [];
  for (const entry of entriesOf(names)) {
    if (entry === undefined) return undefined;
    if (!entry.startsWith('URI:')) continue;
    const value = unquote(entry.slice('URI:'.length));
    if (value === undefined) return undefined;
    uris.push(value);
  }
  return uris;
}

/** Parts `names` at the commas outside quotes. The last entry is undefined when a quote stays open. */
function* entriesOf(names: string): Generator<string | undefined> {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < names.length; at += 1) {
    const character = names[at];
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
    else if (character === ',' && !isQuoted) {
      yield names.slice(start, at);
      start = names[at + 1] === ' ' ? at + 2 : at + 1;
    }
  }
  if (isQuoted) yield undefined;
  else if (start < names.length) yield names.slice(start);
}

function unquote(value: string): string | undefined {
  if (!value.startsWith('"')) return value;
  try {
    return String(JSON.parse(value));
  } catch {
    return undefined;
  }
}

/**
 * A serial number as Consul writes it: colon-separated lower-case hex of its magnitude, whole octets, no leading zero octet; zero is the
 * empty text. `hex` is what `X509Certificate#serialNumber` gives.
 */
export function formatSerial(hex: string): string {
  const digits = hex.toLowerCase().replace(/^-?0*/, '');
  return formatColonHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}

/** `0a1b` as `0a:1b`. */
export function formatColonHex(hex: string): string {
  return hex.match(/../g)?.join(':') ?? '';
}
