/** What must be in the store before the first token is asked for. */

import type { Store, Transaction } from '../state/store.ts';
import { type AclTokenRow, digestOf, keyOf } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import {
  anonymousAccessorId,
  anonymousToken,
  managementPolicy,
  managementPolicyId,
  managementToken,
} from './builtin.ts';

/** Present once there was a token that may do everything. Its index is what a reset must name. */
const bootstrapSetting = 'acl_bootstrap';

export interface EnterAclsOptions {
  /** A token that may do everything, from the configuration. Need not be a UUID. */
  readonly initialManagement?: string | undefined;
  readonly newId: () => string;
  readonly now: string;
}

/** Stores what is missing of it. Resolves when it is on disk. */
export async function enterAcls(store: Store, { initialManagement, newId, now }: EnterAclsOptions): Promise<void> {
  await store.write((tx) => {
    enterPolicy(tx);
    if (tx.table('aclTokens').get(anonymousAccessorId) === undefined) putToken(tx, anonymousToken(now));
    if (initialManagement === undefined) return;
    const [known] = tx.table('aclTokens').by('secret', digestOf(initialManagement));
    if (known !== undefined) return;
    putToken(tx, managementToken({ accessorId: newId(), secretId: initialManagement }, 'Master Token', now));
    tx.put('settings', bootstrapSetting, { value: true });
  });
}

/** Its rules are ours to say; its name and description may have been changed. */
function enterPolicy(tx: Transaction): void {
  const stored = tx.table('aclPolicies').get(managementPolicyId);
  const isNew = tx.put('aclPolicies', managementPolicyId, {
    ...managementPolicy,
    ...(stored && { name: stored.name, description: stored.description }),
  });
  if (isNew) tx.touch(topic.aclPolicies);
}

/** Undefined while nobody has had a token that may do everything. */
export function bootstrapIndex(tx: Pick<Transaction, 'table'>): number | undefined {
  return tx.table('settings').get(bootstrapSetting)?.modifyIndex;
}

export function markBootstrapped(tx: Transaction): void {
  tx.delete('settings', bootstrapSetting); // so that the index moves when this is not the first time
  tx.put('settings', bootstrapSetting, { value: true });
}

export function putToken(tx: Transaction, row: AclTokenRow): void {
  if (tx.put('aclTokens', keyOf.aclTokens(row), row)) tx.touch(topic.aclTokens);
}
