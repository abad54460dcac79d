/** Refusals for want of a permission, in Consul's words. */

import { HttpError } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { CheckRow } from '../state/tables.ts';

/** `missing` such as `service:write on web`; only some endpoints say it. */
export function denied(missing?: string): HttpError {
  return new HttpError(403, missing === undefined ? 'Permission denied' : `Permission denied: Missing ${missing}`);
}

export function mustWriteService(authorizer: Authorizer, name: string): void {
  if (!authorizer.mayWriteService(name)) throw denied(`service:write on ${name}`);
}

/** A service's check belongs to the service, any other to the node. */
export function mustWriteCheck(authorizer: Authorizer, { node, serviceName }: CheckRow): void {
  if (serviceName !== '') mustWriteService(authorizer, serviceName);
  else if (!authorizer.mayWriteNode(node)) throw denied(`node:write on ${node}`);
}

export function mayReadCheck(authorizer: Authorizer, { node, serviceName }: CheckRow): boolean {
  return serviceName === '' ? authorizer.mayReadNode(node) : authorizer.mayReadService(serviceName);
}
