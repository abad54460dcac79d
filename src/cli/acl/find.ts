/** IDs from what people type: a whole ID, its beginning, or a name. */

import type { Ask } from '../ask.ts';
import { CommandFailure } from '../failure.ts';
import type { PolicyShown, RoleShown, TokenShown } from './shown.ts';

/** `doing` is how the sentence of a failure begins. All throw CommandFailure. */
export async function findTokenId(ask: Ask, partial: string, doing: string): Promise<string> {
  if (partial === 'anonymous') return '00000000-0000-0000-0000-000000000002';
  return await findId('token', partial, doing, async () => {
    const answer = await ask.call(doing, 'GET', '/v1/acl/tokens');
    return (answer.json() as readonly TokenShown[]).map(({ AccessorID }) => AccessorID);
  });
}

/** By ID, or else by name. */
export async function findPolicyId(ask: Ask, given: GivenId, doing: string): Promise<string> {
  const list = async (): Promise<readonly PolicyShown[]> =>
    (await ask.call(doing, 'GET', '/v1/acl/policies')).json() as readonly PolicyShown[];
  if (given.id) return await findId('policy', given.id, doing, async () => (await list()).map(({ ID }) => ID));
  return byName('policy', given.name ?? '', doing, await list());
}

export async function findRoleId(ask: Ask, given: GivenId, doing: string): Promise<string> {
  const list = async (): Promise<readonly RoleShown[]> =>
    (await ask.call(doing, 'GET', '/v1/acl/roles')).json() as readonly RoleShown[];
  if (given.id) return await findId('role', given.id, doing, async () => (await list()).map(({ ID }) => ID));
  return byName('role', given.name ?? '', doing, await list());
}

export interface GivenId {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

async function findId(
  kind: string,
  partial: string,
  doing: string,
  list: () => Promise<readonly string[]>,
): Promise<string> {
  if (partial.length === 36) return partial;
  const [found, another] = (await list()).filter((id) => id.startsWith(partial));
  if (found === undefined) throw new CommandFailure(`${doing}: No such ${kind} ID with prefix: ${partial}`);
  if (another !== undefined) throw new CommandFailure(`${doing}: Partial ${kind} ID is not unique`);
  return found;
}

function byName(
  kind: string,
  name: string,
  doing: string,
  all: readonly { readonly ID: string; readonly Name: string }[],
): string {
  const found = all.find(({ Name }) => Name === name);
  if (found === undefined) throw new CommandFailure(`${doing}: No such ${kind} with name ${name}`);
  return found.ID;
}
