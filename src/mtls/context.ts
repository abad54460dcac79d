/** State → TLS settings. Each use names every setting again: what is left out would be back at its default, tickets included. */

import { constants } from 'node:crypto';
import tls from 'node:tls';
import type { Identity, Roots, TlsSettings } from './state.ts';

/** All that one side needs to shake hands. Each part is replaced whole. */
export interface MtlsState {
  readonly identity: Identity;
  readonly roots: Roots;
  readonly tls: TlsSettings;
}

export const defaultTls: TlsSettings = { minVersion: 'TLSv1.2' };

/** Forward secrecy and authenticated encryption only; those of TLS 1.2 are the six that Connect's own proxy takes. */
const defaultCiphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

export function contextOptions({ identity, roots, tls }: MtlsState): tls.SecureContextOptions {
  return {
    key: identity.key.reveal(),
    cert: identity.chain,
    ca: [...roots.certificates],
    minVersion: tls.minVersion,
    ciphers: tls.ciphers ?? defaultCiphers,
    ...(tls.groups === undefined ? {} : { ecdhCurve: tls.groups }),
    // No ticket, so that no session comes back later; no renegotiation, so that nobody turns into somebody else.
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

const contexts = new WeakMap<Identity, MtlsState & { readonly context: tls.SecureContext }>();

/** For dials: made once for an identity and what goes with it, because reading PEM costs more than a quarter of a handshake. */
export function sharedContext(state: MtlsState): tls.SecureContext {
  const known = contexts.get(state.identity);
  if (known !== undefined && known.roots === state.roots && known.tls === state.tls) return known.context;
  const context = tls.createSecureContext(contextOptions(state));
  contexts.set(state.identity, { ...state, context });
  return context;
}
