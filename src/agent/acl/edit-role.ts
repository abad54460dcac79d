/** Roles made, changed and deleted. All throw an InputError in Consul's words for what is refused. */

import { InputError } from '../../base/index.ts';
import type { Transaction } from '../state/store.ts';
import { type AclRoleRow, fold, keyOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { type GrantsDraft, resolveGrants } from './grants.ts';
import { isUuid, problemOfId } from './ids.ts';

export type RoleDraft = Pick<AclRoleRow, 'name' | 'description'> & GrantsDraft;

export function createRole(tx: Transaction, draft: RoleDraft, id: string): Row<'aclRoles'> {
  refuseBadName(draft.name);
  if (holderOf(tx, draft.name) !== undefined)
    throw new InputError('', `Invalid Role: A Role with Name ${JSON.stringify(draft.name)} already exists`);
  return put(tx, id, draft);
}

export function updateRole(tx: Transaction, id: string, draft: RoleDraft): Row<'aclRoles'> {
  if (!isUuid(id)) throw new InputError('', 'Role ID invalid UUID');
  refuseBadName(draft.name);
  const stored = tx.table('aclRoles').get(id.toLowerCase());
  if (stored === undefined) throw new InputError('', `cannot find role ${id}`);
  const holder = holderOf(tx, draft.name);
  if (holder !== undefined && holder.id !== stored.id)
    throw new InputError('', `Invalid Role: A role with name ${JSON.stringify(draft.name)} already exists`);
  return put(tx, stored.id, draft);
}

/** One that is not there is no error. */
export function deleteRole(tx: Transaction, id: string): void {
  const problem = problemOfId(id);
  if (problem !== undefined) throw new InputError('', `failed acl role lookup: ${problem}`);
  if (tx.delete('aclRoles', id.toLowerCase())) tx.touch(topic.aclRoles);
}

function refuseBadName(name: string): void {
  if (name === '') throw new InputError('', 'Invalid Role: no Name is set');
  if (!/^[A-Za-z0-9_-]{1,256}$/.test(name))
    throw new InputError('', `Invalid Role: invalid Name. Only alphanumeric characters, '-' and '_' are allowed`);
}

function holderOf(tx: Transaction, name: string): Row<'aclRoles'> | undefined {
  const [holder] = tx.table('aclRoles').by('name', fold(name));
  return holder;
}

function put(tx: Transaction, id: string, { name, description, ...grants }: RoleDraft): Row<'aclRoles'> {
  const row: AclRoleRow = { id, name, description, ...resolveGrants(tx, grants, 'role') };
  if (tx.put('aclRoles', keyOf.aclRoles(row), row)) tx.touch(topic.aclRoles);
  return tx.table('aclRoles').get(id) as Row<'aclRoles'>;
}
