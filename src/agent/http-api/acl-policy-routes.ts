/** `/v1/acl/policy…`: policies. */

import { randomUUID } from 'node:crypto';
import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { type Acls, tokenNotFound } from '../acl/acls.ts';
import { createPolicy, deletePolicy, updatePolicy } from '../acl/edit-policy.ts';
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
import { policyBody, policyDraft, wirePolicy, wirePolicyEntry } from './wire-acl.ts';

export function aclPolicyRoutes(context: ApiContext, acls: Acls | undefined): Route[] {
  return [
    aclRoute(context, acls, '/v1/acl/policies', {
      GET: (context, request) => indexed(context, request, { style: 'server' }, () => readAll(context, request)),
    }),
    aclRoute(context, acls, '/v1/acl/policy', { PUT: create }),
    aclRoute(context, acls, '/v1/acl/policy/name/', {
      GET: (context, request) => {
        const name = requiredId(request, 'policy');
        const find = (): Row<'aclPolicies'> | undefined => {
          const [found] = context.store.table('aclPolicies').by('name', fold(name));
          return found;
        };
        return indexed(context, request, { style: 'server' }, () => readOne(context, request, find));
      },
    }),
    aclRoute(context, acls, '/v1/acl/policy/', {
      GET: (context, request) => {
        const id = requiredId(request, 'policy');
        const find = (): Row<'aclPolicies'> | undefined => {
          const problem = problemOfId(id);
          if (problem !== undefined) throw new HttpError(500, `failed acl policy lookup: ${problem}`);
          return context.store.table('aclPolicies').get(id.toLowerCase());
        };
        return indexed(context, request, { style: 'server' }, () => readOne(context, request, find));
      },
      PUT: update,
      DELETE: remove,
    }),
  ];
}

const topics = [topic.aclPolicies];

function readAll(context: AclContext, request: HttpRequest): Reading {
  mustReadAcls(context, request);
  const value = [...context.store.table('aclPolicies').values()]
    .sort((a, b) => compare(a.id, b.id))
    .map(wirePolicyEntry);
  return { value, topics };
}

function readOne(context: AclContext, request: HttpRequest, find: () => Row<'aclPolicies'> | undefined): Reading {
  mustReadAcls(context, request);
  const row = find();
  if (row === undefined) return { value: null, topics, status: 403, text: tokenNotFound().message };
  return { value: wirePolicy(row), topics };
}

async function create(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  const body = decodeAclBody(context, request, policyBody, 'Policy');
  if (body.ID) throw badRequest('Cannot specify the ID when creating a new policy');
  mustWriteAcls(context, request);
  const row = await writeAcls(context, (tx) =>
    createPolicy(tx, policyDraft(body), randomUUID(), (rules) => context.acls.checkRules(rules)),
  );
  return plain(context, wirePolicy(row));
}

async function update(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  const id = requiredId(request, 'policy');
  const body = decodeAclBody(context, request, policyBody, 'Policy');
  if (body.ID && body.ID.toLowerCase() !== id.toLowerCase())
    throw badRequest('Policy ID in URL and payload do not match');
  mustWriteAcls(context, request);
  const row = await writeAcls(context, (tx) =>
    updatePolicy(tx, id, policyDraft(body), (rules) => context.acls.checkRules(rules)),
  );
  return plain(context, wirePolicy(row));
}

async function remove(context: AclContext, request: HttpRequest): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const id = requiredId(request, 'policy');
  mustWriteAcls(context, request);
  await writeAcls(context, (tx) => deletePolicy(tx, id));
  return plain(context, true);
}
