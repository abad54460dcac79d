/** Tokens made, changed and deleted. All throw an InputError in Consul's words for what is refused. */

import { formatDuration, InputError } from '../../base/index.ts';
import { formatInstant } from '../instant.ts';
import { present } from '../registry/present.ts';
import type { Transaction } from '../state/store.ts';
import { type AclTokenRow, digestOf, keyOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { anonymousAccessorId } from './builtin.ts';
import { type GrantsDraft, type Link, resolveGrants, resolveLinks } from './grants.ts';
import { isUuid, problemOfId, refuseReserved } from './ids.ts';

export interface TokenDraft extends GrantsDraft {
  /** Empty: none was said. */
  readonly accessorId: string;
  readonly secretId: string;
  readonly description: string;
  readonly roles: readonly Link[];
  readonly local: boolean;
  /** Milliseconds from now on. */
  readonly expirationTtl?: number | undefined;
  /** RFC 3339. */
  readonly expirationTime?: string | undefined;
}

export interface TokenMaking {
  readonly newId: () => string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

const shortestLife = 60_000;
const longestLife = 24 * 3_600_000;

export function createToken(tx: Transaction, draft: TokenDraft, { newId, now }: TokenMaking): Row<'aclTokens'> {
  refuseTaken(tx, draft);
  const row: AclTokenRow = {
    accessorId: draft.accessorId.toLowerCase() || newId(),
    secretId: draft.secretId || newId(),
    createTime: formatInstant(now),
    ...present({ expirationTime: expirationOf(draft, now) }),
    ...contentOf(tx, draft),
  };
  return put(tx, row);
}

/** What the draft does not say is taken away, but for what can't change. */
export function updateToken(tx: Transaction, accessorId: string, draft: TokenDraft): Row<'aclTokens'> {
  refuseBadId(accessorId);
  const stored = tx.table('aclTokens').get(accessorId.toLowerCase());
  if (stored === undefined) throw new InputError('', `Cannot find token ${JSON.stringify(accessorId)}`);
  if (draft.secretId !== '' && draft.secretId !== stored.secretId)
    throw new InputError('', 'Changing a tokens SecretID is not permitted');
  if (draft.local !== stored.local) throw new InputError('', `cannot toggle local mode of ${accessorId}`);
  const { expirationTtl: ttl, expirationTime: end } = draft;
  const isOtherEnd = end !== undefined && Date.parse(end) !== Date.parse(stored.expirationTime ?? '');
  if (ttl !== undefined || isOtherEnd) throw new InputError('', `Cannot change expiration time of ${accessorId}`);
  const { secretId, createTime, expirationTime } = stored;
  const kept = { accessorId: stored.accessorId, secretId, createTime, ...present({ expirationTime }) };
  return put(tx, { ...kept, ...contentOf(tx, draft) });
}

/** A new token with the same rights; undefined when there is none to take them from. */
export function cloneToken(
  tx: Transaction,
  accessorId: string,
  description: string,
  { newId, now }: TokenMaking,
): Row<'aclTokens'> | undefined {
  refuseBadId(accessorId);
  const original = tx.table('aclTokens').get(accessorId.toLowerCase());
  if (original === undefined) return undefined;
  const { createIndex: _, modifyIndex: __, ...content } = original;
  const own = { accessorId: newId(), secretId: newId(), createTime: formatInstant(now) };
  return put(tx, { ...content, ...own, description: description || original.description });
}

/** One that is not there is no error. `ownSecret` is the token that asks. */
export function deleteToken(tx: Transaction, accessorId: string, ownSecret: string): void {
  if (!isUuid(accessorId)) throw new InputError('', 'Accessor ID is missing or an invalid UUID');
  const id = accessorId.toLowerCase();
  if (id === anonymousAccessorId) throw new InputError('', 'Delete operation not permitted on the anonymous token');
  if (tx.table('aclTokens').get(id)?.secretId === ownSecret)
    throw new InputError('', `Deletion of the request's authorization token is not permitted`);
  if (tx.delete('aclTokens', id)) tx.touch(topic.aclTokens);
}

/** Before each other change: they are as good as deleted already, no answer shows them. */
export function sweepExpired(tx: Transaction, now: number): void {
  for (const { accessorId, expirationTime } of [...tx.table('aclTokens').values()]) {
    if (expirationTime === undefined || Date.parse(expirationTime) > now) continue;
    tx.delete('aclTokens', accessorId);
    tx.touch(topic.aclTokens);
  }
}

function refuseTaken(tx: Transaction, { accessorId, secretId }: TokenDraft): void {
  const tokens = tx.table('aclTokens');
  if (accessorId !== '') {
    refuseBadId(accessorId);
    refuseReserved(accessorId);
    if (tokens.get(accessorId.toLowerCase()) !== undefined)
      throw new InputError('', 'Invalid Token: AccessorID is already in use');
  }
  if (secretId === '') return;
  if (!isUuid(secretId)) throw new InputError('', 'Invalid Token: SecretID is not a valid UUID');
  refuseReserved(secretId);
  if ([...tokens.by('secret', digestOf(secretId))].length > 0)
    throw new InputError('', 'Invalid Token: SecretID is already in use');
}

function refuseBadId(accessorId: string): void {
  const problem = problemOfId(accessorId);
  if (problem === undefined) return;
  throw new InputError('', `Failed acl token lookup by accessor: failed acl token lookup: ${problem}`);
}

function expirationOf({ expirationTtl: ttl, expirationTime: end }: TokenDraft, now: number): string | undefined {
  if (ttl !== undefined && end !== undefined)
    throw new InputError('', 'Token Expiration TTL and Expiration Time cannot both be set');
  if (ttl === undefined && end === undefined) return undefined;
  if (ttl !== undefined && ttl <= 0)
    throw new InputError('', `Token Expiration TTL '${formatDuration(ttl)}' should be > 0`);
  const life = ttl ?? Date.parse(end ?? '') - now;
  if (life < 0) throw new InputError('', 'ExpirationTime cannot be before CreateTime');
  const was = `(was ${formatDuration(life)})`;
  if (life < shortestLife)
    throw new InputError('', `ExpirationTime cannot be less than ${formatDuration(shortestLife)} in the future ${was}`);
  if (life > longestLife)
    throw new InputError('', `ExpirationTime cannot be more than ${formatDuration(longestLife)} in the future ${was}`);
  return end ?? formatInstant(now + life);
}

function contentOf(
  tx: Transaction,
  draft: TokenDraft,
): Omit<AclTokenRow, 'accessorId' | 'secretId' | 'createTime' | 'expirationTime'> {
  const { description, local } = draft;
  if (local) refuseLocalDatacenters(draft);
  return { description, local, roles: resolveLinks(tx, 'role', draft.roles), ...resolveGrants(tx, draft, 'token') };
}

function refuseLocalDatacenters({ serviceIdentities }: TokenDraft): void {
  const narrowed = serviceIdentities.find(({ datacenters }) => datacenters.length > 0);
  if (narrowed === undefined) return;
  const identity = `Service identity ${JSON.stringify(narrowed.serviceName)}`;
  throw new InputError('', `${identity} cannot specify a list of datacenters on a local token`);
}

function put(tx: Transaction, row: AclTokenRow): Row<'aclTokens'> {
  if (tx.put('aclTokens', keyOf.aclTokens(row), row)) tx.touch(topic.aclTokens);
  return tx.table('aclTokens').get(row.accessorId) as Row<'aclTokens'>;
}
