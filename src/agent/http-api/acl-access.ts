/** What the routes of ACLs share: refusals, and answers to who may not ask. */

import { InputError } from '../../base/index.ts';
import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route, type Shape } from '../../http/index.ts';
import type { Acls } from '../acl/acls.ts';
import type { Transaction } from '../state/store.ts';
import { refuseOtherDatacenter } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { denied, deniedRead } from './permissions.ts';

/** What every such route works with. */
export interface AclContext extends ApiContext {
  readonly acls: Acls;
}

type AclHandler = (context: AclContext, request: HttpRequest) => HttpReply | Promise<HttpReply>;
export type AclMethods = { readonly [Name in keyof Route['methods']]: AclHandler };

/** A route that answers 401 where the agent runs without ACLs. */
export function aclRoute(context: ApiContext, acls: Acls | undefined, path: string, methods: AclMethods): Route {
  const entries = Object.entries(methods).map(([method, handle]) => [
    method,
    (request: HttpRequest) => {
      if (acls === undefined) throw new HttpError(401, 'ACL support disabled');
      return handle({ ...context, acls }, request);
    },
  ]);
  return { path, methods: Object.fromEntries(entries) };
}

export function mustReadAcls(context: AclContext, request: HttpRequest): void {
  if (!context.authorizerOf(request).mayReadAcls()) throw deniedRead('acl:read');
}

export function mustWriteAcls(context: AclContext, request: HttpRequest): void {
  if (!context.authorizerOf(request).mayWriteAcls()) throw denied('acl:write');
}

export function decodeAclBody<T extends object>(
  context: AclContext,
  request: HttpRequest,
  shape: Shape<T>,
  what: string,
): T {
  refuseOtherDatacenter(context, request);
  return decodeBody(request.body, shape, (problem) => badRequest(`${what} decoding failed: ${problem}`));
}

/** The text after the route's path, which must be there. */
export function requiredId({ rest }: HttpRequest, what: string): string {
  if (rest === '') throw badRequest(`Missing ${what} ID`);
  return rest;
}

export function badRequest(problem: string): HttpError {
  return new HttpError(400, `Bad request: ${problem}`);
}

/** What such a write refuses is a 500 with its words, as in Consul. */
export async function writeAcls<T>(context: AclContext, change: (tx: Transaction) => T): Promise<T> {
  try {
    return await context.store.write(change);
  } catch (error) {
    throw error instanceof InputError ? new HttpError(500, error.message) : error;
  }
}
