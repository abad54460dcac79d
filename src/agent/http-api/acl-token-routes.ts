/** `/v1/acl/token…`: tokens. */

import { randomUUID } from 'node:crypto';
import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { type Acls, tokenNotFound } from '../acl/acls.ts';
import {
  cloneToken,
  createToken,
  deleteToken,
  sweepExpired,
  type TokenMaking,
  updateToken,
} from '../acl/edit-token.ts';
import { problemOfId } from '../acl/ids.ts';
import { compare } from '../registry/health.ts';
import type { Transaction } from '../state/store.ts';
import type { Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import {
  type AclContext,
  aclRoute,
  badRequest,
  decodeAclBody,
  mustReadAcls,
  mustWriteAcls,
  requiredId,
  writeAcls,
} from './acl-access.ts';
import { indexed, plain } from './blocking.ts';
import { refuseOtherDatacenter } from './consistency.ts';
import type { ApiContext } from './context.ts';
import type { Reading } from './reading.ts';
import { type TokenBody, tokenBody, tokenDraft, wireToken, wireTokenEntry } from './wire-acl.ts';

export function aclTokenRoutes(context: ApiContext, acls: Acls | undefined): Route[] {
  return [
    aclRoute(context, acls, '/v1/acl/tokens', {
      GET: (context, request) => indexed(context, request, { style: 'server' }, () => readAll(context, request)),
    }),
    aclRoute(context, acls, '/v1/acl/token', { PUT: create }),
    aclRoute(context, acls, '/v1/acl/token/self', {
      GET: (context, request) => indexed(context, request, { style: 'server' }, () => readSelf(context, request)),
    }),
    aclRoute(context, acls, '/v1/acl/token/', {
      GET: (context, request) => {
        const id = requiredId(request, 'token');
        return indexed(context, request, { style: 'server' }, () => readOne(context, request, id));
      },
      PUT: (context, request) => {
        const id = requiredId(request, 'token');
        return id.endsWith('/clone')
          ? clone(context, request, id.slice(0, -'/clone'.length))
          : update(context, request, id);
      },
      DELETE: remove,
    }),
  ];
}

/** Policies and roles show with their names, so that a new name is a change. */
const topics = [topic.aclTokens, topic.aclPolicies, topic.aclRoles];
/** What stands for a secret that its reader may not use. */
const hidden = '<hidden>';

function readAll(context: AclContext, request: HttpRequest): Reading {
  mustReadAcls(context, request);
  const { query } = request;
  const [policy, role, method] = [query.get('policy') ?? '', query.get('role') ?? '', query.get('authmethod') ?? ''];
  if ([policy, role, method].filter((filter) => filter !== '').length > 1)
    throw new HttpError(500, 'can only filter by one of policy, role, or methodName at a time');
  const value = [...context.store.table('aclTokens').values()]
    .filter((row) => !context.acls.isExpired(row))
    .filter((row) => (policy === '' || row.policies.includes(policy)) && (role === '' || row.roles.includes(role)))
    .filter(() => method === '') // no token comes from a login
    .sort((a, b) => compare(a.accessorId, b.accessorId))
    .map((row) => wireTokenEntry(context.store, row));
  return { value, topics };
}

/** Needs no right but to have it. */
function readSelf(context: AclContext, request: HttpRequest): Reading {
  const row = context.acls.tokenOf(context.tokenOf(request));
  return row === undefined ? notFound : { value: wireToken(context.store, row, row.secretId), topics };
}

function readOne(context: AclContext, request: HttpRequest, id: string): Reading {
  mustReadAcls(context, request);
  const problem = problemOfId(id);
  if (problem !== undefined) throw new HttpError(500, `failed acl token lookup: ${problem}`);
  const row = context.store.table('aclTokens').get(id.toLowerCase());
  if (row === undefined || context.acls.isExpired(row)) return notFound;
  const secret = context.authorizerOf(request).mayWriteAcls() ? row.secretId : hidden;
  return { value: wireToken(context.store, row, secret), topics };
}

const notFound: Reading = { value: null, topics, status: 403, text: tokenNotFound().message };

async function create(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  const draft = tokenDraft(bodyOf(context, request));
  mustWriteAcls(context, request);
  return await write(context, (tx, making) => createToken(tx, draft, making));
}

async function update(context: AclContext, request: HttpRequest, id: string): Promise<HttpReply> {
  const body = bodyOf(context, request);
  if (body.AccessorID && body.AccessorID.toLowerCase() !== id.toLowerCase())
    throw badRequest('Token Accessor ID in URL and payload do not match');
  mustWriteAcls(context, request);
  return await write(context, (tx) => updateToken(tx, id, tokenDraft(body)));
}

async function clone(context: AclContext, request: HttpRequest, id: string): Promise<HttpReply> {
  const { Description: description = '' } = bodyOf(context, request);
  mustWriteAcls(context, request);
  return await write(context, (tx, making) => cloneToken(tx, id, description, making));
}

async function remove(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const id = requiredId(request, 'token');
  mustWriteAcls(context, request);
  await writeAcls(context, (tx) => deleteToken(tx, id, context.tokenOf(request)));
  return plain(context, true);
}

/** Answers with the token as it is then; 403 when there is none. */
async function write(
  context: AclContext,
  change: (tx: Transaction, making: TokenMaking) => Row<'aclTokens'> | undefined,
): Promise<HttpReply> {
  const now = context.runtime.clock.now();
  const row = await writeAcls(context, (tx) => {
    sweepExpired(tx, now);
    return change(tx, { newId: randomUUID, now });
  });
  if (row === undefined) throw tokenNotFound();
  return plain(context, wireToken(context.store, row, row.secretId));
}

function bodyOf(context: AclContext, request: HttpRequest): TokenBody {
  const body = decodeAclBody(context, request, tokenBody, 'Token');
  const { ExpirationTime: end } = body;
  if (end && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(end))
    throw badRequest(`Token decoding failed: parsing time ${JSON.stringify(end)}: expected a time as in RFC 3339`);
  if (body.Rules) throw new HttpError(500, 'Rules cannot be specified for this token');
  if (body.AuthMethod) throw new HttpError(500, 'AuthMethod field is disallowed outside of Login');
  return body;
}
