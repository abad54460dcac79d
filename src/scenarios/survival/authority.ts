/** The CA: its configuration, and its roots, which nobody may lose. */

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  X509Certificate,
} from 'node:crypto';
import type { Subject, Turn, Write } from './subject.ts';

/** There is one CA: only one writer may have this. Rare, because roots are kept as long as their leafs live. */
export const authority: Subject = {
  share: 1,
  choose: (turn) => (turn.random() < 0.5 ? rotate() : changeTtl(turn)),
  readAll: async (client) => {
    const { TrustDomain, Roots } = await client.readSurely<RootsShown>('/v1/connect/ca/roots');
    const { Config } = await client.readSurely<ConfigShown>('/v1/connect/ca/configuration');
    return [
      ['trust domain', TrustDomain],
      ['leaf TTL', Config.LeafCertTTL],
      ...Roots.map(({ RootCert }) => [`root ${keyIn(RootCert)}`, 'trusted'] as const),
      ...Roots.filter(({ Active }) => Active).map(({ RootCert }) => ['active root', keyIn(RootCert)] as const),
    ];
  },
};

interface RootsShown {
  readonly TrustDomain: string;
  readonly Roots: readonly { readonly RootCert: string; readonly Active: boolean }[];
}

interface ConfigShown {
  readonly Config: { readonly LeafCertTTL: string };
}

const path = '/v1/connect/ca/configuration';
const Provider = 'consul';

/** To a key that is known here, so that its root can be told from others. */
function rotate(): Write {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const PrivateKey = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const key = digestOf(createPublicKey(createPrivateKey(PrivateKey)));
  const after = new Map([
    [`root ${key}`, 'trusted'],
    ['active root', key],
    ['leaf TTL', '72h'],
  ]);
  return { method: 'PUT', path, body: { Provider, Config: { PrivateKey, LeafCertTTL: '72h' } }, after };
}

function changeTtl({ count }: Turn): Write {
  const LeafCertTTL = `${73 + (count % 1_000)}h`;
  return {
    method: 'PUT',
    path,
    body: { Provider, Config: { LeafCertTTL } },
    after: new Map([['leaf TTL', LeafCertTTL]]),
  };
}

function keyIn(certificate: string): string {
  return digestOf(new X509Certificate(certificate).publicKey);
}

function digestOf(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
}
