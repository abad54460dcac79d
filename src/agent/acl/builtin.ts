/** What is there from the start, under Consul's IDs. */

import type { AclPolicyRow, AclTokenRow } from '../state/tables.ts';

export const managementPolicyId = '00000000-0000-0000-0000-000000000001';
export const anonymousAccessorId = '00000000-0000-0000-0000-000000000002';
/** The token of who sends none. */
export const anonymousSecret = 'anonymous';
/** IDs that begin so are for what is built in. */
export const reservedIds = '00000000-0000-0000-0000-0000000000';

const named = ['agent', 'event', 'key', 'node', 'query', 'service', 'session'];
const plain = ['acl', 'keyring', 'operator'];

export const managementPolicy: AclPolicyRow = {
  id: managementPolicyId,
  name: 'global-management',
  description: 'Builtin Policy that grants unlimited access',
  rules: [
    ...plain.map((resource) => `${resource} = "write"\n`),
    ...named.map((resource) => {
      const more = resource === 'service' ? '\n  intentions = "write"' : '';
      return `${resource}_prefix "" {\n  policy = "write"${more}\n}\n`;
    }),
  ].join(''),
};

export function anonymousToken(createTime: string): AclTokenRow {
  return {
    accessorId: anonymousAccessorId,
    secretId: anonymousSecret,
    description: 'Anonymous Token',
    policies: [],
    roles: [],
    serviceIdentities: [],
    nodeIdentities: [],
    local: false,
    createTime,
  };
}

/** A token that may do everything. */
export function managementToken(
  ids: Pick<AclTokenRow, 'accessorId' | 'secretId'>,
  description: string,
  createTime: string,
): AclTokenRow {
  return { ...anonymousToken(createTime), ...ids, description, policies: [managementPolicyId] };
}
