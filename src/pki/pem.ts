/** PEM as certificates and keys travel in it: blocks of base64 with anything in between. */

/** More certificates than any chain of Connect has; what follows them is not looked at. */
const most = 16;

/** The certificates in `pem`, in order, each as PEM that ends in a newline. Text between them is left out, as is what follows the sixteenth. */
export function splitCertificates(pem: string): string[] {
  const found: string[] = [];
  for (const [block] of pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)) {
    if (found.length === most) break;
    found.push(`${block}\n`);
  }
  return found;
}

/** Several certificates as one text: one after the other, each on lines of its own. */
export function joinCertificates(certificates: readonly string[]): string {
  return certificates.map((pem) => `${pem.trimEnd()}\n`).join('');
}
