/** Refusals for want of a permission, in Consul's words. */

import { HttpError } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { CheckRow } from '../state/tables.ts';

/** `missing` is a right such as `service:write on web`. */
export function denied(missing: string, headers?: HttpError['headers']): HttpError {
  return new HttpError(403, `Permission denied: Missing ${missing}`, headers);
}

/** As `denied`, from endpoints that send their headers with a refusal too. */
export function deniedRead(missing: string): HttpError {
  return denied(missing, { 'X-Consul-Index': '1', 'X-Consul-Knownleader': 'false', 'X-Consul-Lastcontact': '0' });
}

export function mustReadService(authorizer: Authorizer, name: string): void {
  if (!authorizer.mayReadService(name)) throw denied(`service:read on ${name}`);
}

export function mustWriteService(authorizer: Authorizer, name: string): void {
  if (!authorizer.mayWriteService(name)) throw denied(`service:write on ${name}`);
}

export function mustWriteNode(authorizer: Authorizer, name: string): void {
  if (!authorizer.mayWriteNode(name)) throw denied(`node:write on ${name}`);
}

export function mustWriteAgent(authorizer: Authorizer, node: string): void {
  if (!authorizer.mayWriteAgent(node)) throw denied(`agent:write on ${node}`);
}

/** A service's check belongs to the service, any other to the node. */
export function mustWriteCheck(authorizer: Authorizer, { node, serviceName }: CheckRow): void {
  if (serviceName !== '') mustWriteService(authorizer, serviceName);
  else mustWriteNode(authorizer, node);
}

export function mayReadCheck(authorizer: Authorizer, { node, serviceName }: CheckRow): boolean {
  return serviceName === '' ? authorizer.mayReadNode(node) : authorizer.mayReadService(serviceName);
}
