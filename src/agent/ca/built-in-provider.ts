/** The provider `consul`: signs with a key of its own, which stays in this process and its store. */

import type { Secret } from '../../base/index.ts';
import {
  crossSign,
  issueLeaf,
  kindOfKey,
  leafName,
  parsePrivateKey,
  readIssuer,
  signingKeyIdOf,
} from '../../issuing/index.ts';
import type { CaProvider } from './provider.ts';

export const builtInName = 'consul';

/** Throws an Error when the key does not fit the certificate, or can't be used. */
export function createBuiltInProvider(certificate: string, key: Secret): CaProvider {
  const privateKey = parsePrivateKey(key);
  const issuer = readIssuer(certificate, privateKey);
  return {
    name: builtInName,
    root: {
      certificate,
      title: 'Consul CA Root Cert',
      signingKeyId: signingKeyIdOf(certificate),
      keyKind: kindOfKey(privateKey),
    },
    sign: ({ id, uri, publicKeyInfo }, terms) =>
      issueLeaf({
        issuer,
        publicKeyInfo,
        commonName: leafName(id.service, id.namespace, id.trustDomain),
        uriSans: [uri],
        ...terms,
      }),
    crossSign: (root, terms) => crossSign({ issuer, root, ...terms }),
  };
}
