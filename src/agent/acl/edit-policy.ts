/** Policies made, changed and deleted. All throw an InputError in Consul's words for what is refused. */

import { InputError } from '../../base/index.ts';
import type { Transaction } from '../state/store.ts';
import { type AclPolicyRow, fold, keyOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { managementPolicy, managementPolicyId } from './builtin.ts';
import { isUuid, problemOfId } from './ids.ts';

export type PolicyDraft = Pick<AclPolicyRow, 'name' | 'description' | 'rules'> & {
  readonly datacenters: readonly string[];
};

export function createPolicy(
  tx: Transaction,
  draft: PolicyDraft,
  id: string,
  checkRules: (rules: string) => void,
): Row<'aclPolicies'> {
  refuseBadName(draft.name);
  if (holderOf(tx, draft.name) !== undefined)
    throw new InputError('', `Invalid Policy: A Policy with Name ${JSON.stringify(draft.name)} already exists`);
  checkRules(draft.rules);
  return put(tx, { id, ...contentOf(draft) });
}

export function updatePolicy(
  tx: Transaction,
  id: string,
  draft: PolicyDraft,
  checkRules: (rules: string) => void,
): Row<'aclPolicies'> {
  if (!isUuid(id)) throw new InputError('', 'Policy ID invalid UUID');
  refuseBadName(draft.name);
  const stored = tx.table('aclPolicies').get(id.toLowerCase());
  if (stored === undefined) throw new InputError('', `cannot find policy ${id}`);
  const holder = holderOf(tx, draft.name);
  if (holder !== undefined && holder.id !== stored.id)
    throw new InputError('', `Invalid Policy: A policy with name ${JSON.stringify(draft.name)} already exists`);
  if (stored.id === managementPolicyId) refuseManagementChange(draft);
  checkRules(draft.rules);
  return put(tx, { id: stored.id, ...contentOf(draft) });
}

/** One that is not there is no error. */
export function deletePolicy(tx: Transaction, id: string): void {
  if (id === managementPolicyId)
    throw new InputError('', 'Delete operation not permitted on the builtin global-management policy');
  const problem = problemOfId(id);
  if (problem !== undefined) throw new InputError('', `failed acl policy lookup: ${problem}`);
  if (tx.delete('aclPolicies', id.toLowerCase())) tx.touch(topic.aclPolicies);
}

function refuseBadName(name: string): void {
  if (name === '') throw new InputError('', 'Invalid Policy: no Name is set');
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(name))
    throw new InputError('', `Invalid Policy: invalid Name. Only alphanumeric characters, '-' and '_' are allowed`);
}

function refuseManagementChange({ rules, datacenters }: PolicyDraft): void {
  const change = rules !== managementPolicy.rules ? 'Rules' : datacenters.length > 0 ? 'Datacenters' : undefined;
  if (change !== undefined)
    throw new InputError('', `Changing the ${change} for the builtin global-management policy is not permitted`);
}

function holderOf(tx: Transaction, name: string): Row<'aclPolicies'> | undefined {
  const [holder] = tx.table('aclPolicies').by('name', fold(name));
  return holder;
}

function contentOf({ name, description, rules, datacenters }: PolicyDraft): Omit<AclPolicyRow, 'id'> {
  return { name, description, rules, ...(datacenters.length === 0 ? {} : { datacenters }) };
}

function put(tx: Transaction, row: AclPolicyRow): Row<'aclPolicies'> {
  if (tx.put('aclPolicies', keyOf.aclPolicies(row), row)) tx.touch(topic.aclPolicies);
  return tx.table('aclPolicies').get(row.id) as Row<'aclPolicies'>;
}
