/** Every route of the agent's API, in one table. */

import { type Handler, HttpError, type Method, type Route } from '../../http/index.ts';
import type { Ca } from '../ca/ca.ts';
import { StorageError } from '../persist/storage-error.ts';
import type { ScriptChecks } from '../registry/script-checks.ts';
import type { PortRange } from '../registry/sidecar.ts';
import { type AclRoutesOptions, aclRoutes } from './acl-routes.ts';
import type { AgentRoutesOptions } from './agent-routes.ts';
import { authorizeRoutes } from './authorize-route.ts';
import { caRoutes } from './ca-routes.ts';
import { configRoutes } from './config-routes.ts';
import type { ApiContext } from './context.ts';
import { intentionRoutes } from './intention-routes.ts';
import { managedProxyRoutes } from './managed-proxy-routes.ts';
import { type MetricsText, metricsRoutes } from './metrics-route.ts';
import { registryRoutes } from './registry-routes.ts';
import { type SelfRoutesOptions, selfRoutes } from './self-routes.ts';
import { serviceIntentions } from './service-intentions.ts';
import { statusRoutes } from './status-routes.ts';
import { unavailableRoutes } from './unavailable-routes.ts';

export interface ApiOptions {
  readonly ca: Ca;
  readonly sidecarPorts: PortRange;
  readonly scriptChecks: ScriptChecks;
  readonly managedProxies: NonNullable<AgentRoutesOptions['managedProxies']>;
  readonly self: SelfRoutesOptions;
  readonly acl: AclRoutesOptions;
  readonly metrics: MetricsText | undefined;
}

export function apiRoutes(context: ApiContext, options: ApiOptions): Route[] {
  const { ca, sidecarPorts, scriptChecks, managedProxies, self, acl, metrics } = options;
  const { address, serverPort } = self.node;
  const routes = [
    ...statusRoutes(context, `${address}:${serverPort}`),
    ...selfRoutes(context, self),
    ...metricsRoutes(context, metrics),
    ...aclRoutes(context, acl),
    ...caRoutes(context, ca),
    ...registryRoutes(context, { sidecarPorts, scriptChecks, managedProxies }),
    ...managedProxyRoutes(context, { isAskedFor: managedProxies.allowApiRegistration !== undefined }),
    ...intentionRoutes(context),
    ...authorizeRoutes(context),
    ...configRoutes(context, [serviceIntentions]),
    ...unavailableRoutes(),
  ];
  return routes.map(withStorageTold);
}

/** That the disk is full is for the client to know: its write has not happened. */
function withStorageTold(route: Route): Route {
  const entries = Object.entries(route.methods) as [Method, Handler][];
  const told = entries.map(([method, handle]): [Method, Handler] => [
    method,
    async (request) => {
      try {
        return await handle(request);
      } catch (error) {
        throw error instanceof StorageError ? new HttpError(500, error.message) : error;
      }
    },
  ]);
  return { ...route, methods: Object.fromEntries(told) };
}
