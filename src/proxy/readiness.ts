/** Can the proxy do its work, and if not, what is missing? */

import { X509Certificate } from 'node:crypto';
import type { ServiceState } from '../connect/index.ts';
import type { BindAddress } from '../relay/index.ts';
import type { Plan } from './reconcile.ts';

export interface Readiness {
  readonly ready: boolean;
  /** What it still needs before it can serve. Empty when it is ready. */
  readonly missing: readonly string[];
  /** What went wrong lately, also where the proxy goes on with what it had. */
  readonly problems: readonly { readonly what: string; readonly reason: string }[];
}

/** Leaf, roots, an authorization, and all listeners. */
export function missingFor(
  plan: Plan | undefined,
  state: ServiceState | undefined,
  addresses: ReadonlyMap<string, BindAddress>,
): string[] {
  if (plan === undefined || state === undefined) return ['a configuration'];
  const authorization = state.authorization.value;
  return [
    ...(state.identity.value === undefined ? [`a certificate for ${state.service}`] : []),
    ...(state.roots.value === undefined ? ['the roots to trust'] : []),
    ...(authorization.kind === 'closed' ? [`an authorization: ${authorization.reason}`] : []),
    ...[...plan.listeners.keys()].filter((name) => !addresses.has(name)).map((name) => `listener ${name}`),
  ];
}

export interface Certificates {
  readonly leaf?: {
    readonly spiffeId: string;
    readonly notBefore: string;
    readonly notAfter: string;
    readonly serial: string;
  };
  readonly trustDomain?: string;
  readonly roots: readonly { readonly subject: string; readonly notAfter: string; readonly fingerprint: string }[];
}

/** What can be shown to anybody: nothing of a key. */
export function certificatesOf(state: ServiceState | undefined): Certificates {
  const [identity, roots] = [state?.identity.value, state?.roots.value];
  return {
    ...(identity && {
      leaf: {
        spiffeId: identity.spiffeId,
        notBefore: new Date(identity.notBefore).toISOString(),
        notAfter: new Date(identity.notAfter).toISOString(),
        serial: new X509Certificate(identity.chain).serialNumber,
      },
    }),
    ...(roots && { trustDomain: roots.trustDomain }),
    roots: (roots?.certificates ?? []).map((pem) => {
      const root = new X509Certificate(pem);
      return { subject: root.subject, notAfter: root.validToDate.toISOString(), fingerprint: root.fingerprint256 };
    }),
  };
}
