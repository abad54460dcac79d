/** What every route works with, made from the configuration. */

import type { Runtime } from '../base/index.ts';
import type { Acls } from './acl/acls.ts';
import { mayEverything } from './acl/authorizer.ts';
import type { AgentConfig } from './config.ts';
import type { ApiContext } from './http-api/context.ts';
import { tokenOf } from './http-api/token.ts';
import { managedProxyDefaultsOf } from './managed-proxy-config.ts';
import { ManagedProxies } from './registry/managed-proxies.ts';
import type { Store } from './state/store.ts';

export interface ApiContextOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  /** Absent: everybody may do everything. */
  readonly acls: Acls | undefined;
}

export function createApiContext(config: AgentConfig, { store, runtime, acls }: ApiContextOptions): ApiContext {
  const { datacenter, nodeName } = config;
  const authorizerFor: ApiContext['authorizerFor'] =
    acls === undefined ? () => mayEverything : (token) => acls.authorizerFor(token);
  const managedProxies = new ManagedProxies(store, nodeName, managedProxyDefaultsOf(config));
  const actingTokenOf: ApiContext['tokenOf'] = (request) => {
    const token = tokenOf(request);
    const proxy = managedProxies.byToken(token);
    return proxy === undefined ? token : (proxy.target.local?.token ?? '');
  };
  return {
    store,
    runtime,
    datacenter,
    nodeName,
    intentionDefault: intentionDefaultOf(config),
    defaultPolicy: config.acl.enabled ? config.acl.defaultPolicy : 'allow',
    authorizerFor,
    authorizerOf: (request) => authorizerFor(actingTokenOf(request)),
    tokenOf: actingTokenOf,
    managedProxies,
  };
}

/** What applies where no intention matches, in the words of Consul's agents; clients look for them. */
export function intentionDefaultOf({ acl, defaultIntentionPolicy }: AgentConfig): ApiContext['intentionDefault'] {
  if (defaultIntentionPolicy !== undefined)
    return { allow: defaultIntentionPolicy === 'allow', reason: 'Default intention policy' };
  if (acl.enabled) return { allow: acl.defaultPolicy === 'allow', reason: 'Default behavior configured by ACLs' };
  return { allow: true, reason: 'ACLs disabled, access is allowed by default' };
}
