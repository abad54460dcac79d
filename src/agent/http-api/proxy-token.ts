import type { HttpRequest } from '../../http/index.ts';
import type { ManagedProxy } from '../registry/managed-proxies.ts';
import type { ApiContext } from './context.ts';
import { tokenOf } from './token.ts';

/** The managed proxy that a request comes from, by the token that it brought. */
export function proxyAsking(context: ApiContext, request: HttpRequest): ManagedProxy | undefined {
  return context.managedProxies?.byToken(tokenOf(request));
}
