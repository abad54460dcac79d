/** Roots, leafs and the CA's configuration in the spelling of the HTTP API, both ways. */

import { flag, map, opaque, type Shape, struct, text } from '../../http/index.ts';
import type { CaRoot } from '../ca/authority.ts';
import type { IssuedLeaf } from '../ca/leaf-issuer.ts';
import type { CaConfigRow, Indexed } from '../state/tables.ts';

export function wireRoots(trustDomain: string, roots: readonly CaRoot[]): object {
  return {
    ActiveRootID: roots.find(({ active }) => active)?.id ?? '',
    TrustDomain: trustDomain,
    Roots: roots.map(wireRoot),
  };
}

function wireRoot(root: CaRoot): object {
  return {
    ID: root.id,
    Name: root.name,
    SerialNumber: root.serialNumber,
    SigningKeyID: root.signingKeyId,
    ExternalTrustDomain: root.externalTrustDomain,
    NotBefore: formatInstant(root.notBefore),
    NotAfter: formatInstant(root.notAfter),
    RootCert: root.rootCert,
    IntermediateCerts: root.intermediateCerts.length === 0 ? null : root.intermediateCerts,
    Active: root.active,
    PrivateKeyType: root.privateKeyType,
    PrivateKeyBits: root.privateKeyBits,
    CreateIndex: root.createIndex,
    ModifyIndex: root.modifyIndex,
  };
}

/** With the private key: this goes to who may have it and nowhere else. */
export function wireLeaf(leaf: IssuedLeaf): object {
  return {
    SerialNumber: leaf.serial,
    CertPEM: leaf.chain,
    PrivateKeyPEM: leaf.key.reveal(),
    Service: leaf.service,
    ServiceURI: leaf.spiffeId,
    ValidAfter: formatInstant(leaf.notBefore),
    ValidBefore: formatInstant(leaf.notAfter),
    CreateIndex: leaf.index,
    ModifyIndex: leaf.index,
  };
}

export function wireCaConfig(row: CaConfigRow & Indexed): object {
  return {
    Provider: row.provider,
    Config: row.config,
    State: row.state,
    ForceWithoutCrossSigning: row.forceWithoutCrossSigning,
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

export interface CaConfigBody {
  readonly Provider?: string;
  readonly Config?: Readonly<Record<string, unknown>>;
  readonly State?: Readonly<Record<string, string>>;
  readonly ForceWithoutCrossSigning?: boolean;
}

/** What is read from us and written back holds the two indexes as well. */
export const caConfigBody: Shape<CaConfigBody> = struct<CaConfigBody>(
  { Provider: text, Config: opaque, State: map(text, ''), ForceWithoutCrossSigning: flag },
  { type: 'structs.CAConfiguration', ignored: ['ClusterID', 'CreateIndex', 'ModifyIndex'] },
);

/** RFC 3339, in whole seconds, as certificates have them. */
function formatInstant(instant: number): string {
  return new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');
}
