import type { Runtime } from '../../base/index.ts';
import type { HttpRequest } from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import type { ManagedProxies } from '../registry/managed-proxies.ts';
import type { Store } from '../state/store.ts';

/** What every route of the agent's API works with. */
export interface ApiContext {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly datacenter: string;
  readonly nodeName: string;
  /** What applies where no intention matches, and how `authorize` words it. */
  readonly intentionDefault: { readonly allow: boolean; readonly reason: string };
  /** Answer of `X-Consul-Default-Acl-Policy`. */
  readonly defaultPolicy: 'allow' | 'deny';
  /** Who asks: from `?token=`, `X-Consul-Token` or `Authorization: Bearer`. Throws HttpError 403 `ACL not found` for an unknown token. */
  authorizerOf(request: HttpRequest): Authorizer;
  /** The same for a token by itself: a sidecar's own, say. Empty stands for none. */
  authorizerFor(token: string): Authorizer;
  /** Those that this agent runs. Absent: none. */
  readonly managedProxies?: ManagedProxies;
  /** The token itself, for what is done later on its behalf. Empty when none came. Of a managed proxy: that of its service. */
  tokenOf(request: HttpRequest): string;
}
