/** `/v1/acl/role…`: roles. */

import { randomUUID } from 'node:crypto';
import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import type { Acls } from '../acl/acls.ts';
import { createRole, deleteRole, updateRole } from '../acl/edit-role.ts';
import { problemOfId } from '../acl/ids.ts';
import { compare } from '../registry/health.ts';
import { fold, type Row } from '../state/tables.ts';
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
import { readSettled } from './settled.ts';
import { roleBody, roleDraft, wireRole } from './wire-acl.ts';

export function aclRoleRoutes(context: ApiContext, acls: Acls | undefined): Route[] {
  return [
    aclRoute(context, acls, '/v1/acl/roles', {
      GET: (context, request) => indexed(context, request, { style: 'server' }, () => readAll(context, request)),
    }),
    aclRoute(context, acls, '/v1/acl/role', { PUT: (context, request) => put(context, request, '') }),
    aclRoute(context, acls, '/v1/acl/role/name/', {
      GET: (context, request) => {
        const name = requiredId(request, 'role');
        return getOne(context, request, () => {
          const [found] = context.store.table('aclRoles').by('name', fold(name));
          return found;
        });
      },
    }),
    aclRoute(context, acls, '/v1/acl/role/', {
      GET: (context, request) => {
        const id = requiredId(request, 'role');
        return getOne(context, request, () => {
          const problem = problemOfId(id);
          if (problem !== undefined) throw new HttpError(500, `failed acl role lookup: ${problem}`);
          return context.store.table('aclRoles').get(id.toLowerCase());
        });
      },
      PUT: (context, request) => put(context, request, requiredId(request, 'role')),
      DELETE: remove,
    }),
  ];
}

/** Policies show with their names, so that a new name is a change. */
const topics = [topic.aclRoles, topic.aclPolicies];

function readAll(context: AclContext, request: HttpRequest): Reading {
  mustReadAcls(context, request);
  const policy = request.query.get('policy') ?? '';
  const value = [...context.store.table('aclRoles').values()]
    .filter(({ policies }) => policy === '' || policies.includes(policy))
    .sort((a, b) => compare(a.id, b.id))
    .map((row) => wireRole(context.store, row));
  return { value, topics };
}

/** One that is not there is an empty 404, without an index. */
async function getOne(
  context: AclContext,
  request: HttpRequest,
  find: () => Row<'aclRoles'> | undefined,
): Promise<HttpReply> {
  mustReadAcls(context, request);
  if ((await readSettled(context.store, find)) === undefined) return { status: 404 };
  return await indexed(context, request, { style: 'server' }, () => {
    mustReadAcls(context, request);
    const row = find();
    return row === undefined
      ? { value: null, topics, status: 404, text: '' }
      : { value: wireRole(context.store, row), topics };
  });
}

async function put(context: AclContext, request: HttpRequest, id: string): Promise<HttpReply> {
  const body = decodeAclBody(context, request, roleBody, 'Role');
  if (body.ID && body.ID.toLowerCase() !== id.toLowerCase())
    throw badRequest('Role ID in URL and payload do not match');
  mustWriteAcls(context, request);
  const row = await writeAcls(context, (tx) =>
    id === '' ? createRole(tx, roleDraft(body), randomUUID()) : updateRole(tx, id, roleDraft(body)),
  );
  return plain(context, wireRole(context.store, row));
}

async function remove(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const id = requiredId(request, 'role');
  mustWriteAcls(context, request);
  await writeAcls(context, (tx) => deleteRole(tx, id));
  return plain(context, true);
}
