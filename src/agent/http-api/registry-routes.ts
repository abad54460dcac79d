import type { Route } from '../../http/index.ts';
import { agentHealthRoutes } from './agent-health-routes.ts';
import { type AgentRoutesOptions, agentRoutes } from './agent-routes.ts';
import { catalogRoutes } from './catalog-routes.ts';
import { checkRoutes } from './check-routes.ts';
import type { ApiContext } from './context.ts';
import { healthRoutes } from './health-routes.ts';

/** Everything about services, checks and nodes. */
export function registryRoutes(context: ApiContext, options: AgentRoutesOptions = {}): Route[] {
  return [
    ...agentRoutes(context, options),
    ...checkRoutes(context, options),
    ...agentHealthRoutes(context),
    ...healthRoutes(context),
    ...catalogRoutes(context),
  ];
}
