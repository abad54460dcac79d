/** The SDK: what `import … from 'fairlead'` gives. With the commands, the only place that reads the environment. */

import './supported-node.ts';
import { clientOptionsFrom } from './api/index.ts';
import { type Log, noMetrics, type Runtime, systemClock } from './base/index.ts';
import { type Service, type ServiceOptions, startService as start } from './connect/index.ts';
import { processWarnings } from './process-warnings.ts';

export { InputError, type Log, Secret } from './base/index.ts';
export {
  type AgentOptions,
  type CallerHandler,
  type CallerHttpServer,
  type CallerRequest,
  type CallerServer,
  type CallerSocket,
  ConnectError,
  type ConnectErrorCode,
  type Development,
  type DialOptions,
  development,
  type LocalListener,
  type LocalListenerOptions,
  type PeerSocket,
  type Problem,
  type ServeOptions,
  type Service,
  type ServiceOptions,
  type Target,
  type UndiciConnect,
} from './connect/index.ts';

/**
 * Joins the mesh as the service `name`. How to reach the agent comes from the options, then from Consul's environment variables
 * (`CONSUL_HTTP_ADDR`, `CONSUL_HTTP_TOKEN` and the rest), then it is 127.0.0.1:8500.
 *
 * Resolves when the service has its certificate, the roots and a first word about intentions; rejects with a `ConnectError` whose code and
 * message say what is missing. Without a `log`, warnings become warnings of the process.
 */
export async function startService(options: ServiceOptions & { readonly log?: Log }): Promise<Service> {
  const { log = processWarnings, ...rest } = options;
  const runtime: Runtime = { clock: systemClock, log, metrics: noMetrics, random: Math.random };
  if (options.development || options.agent?.fetch) return start(rest, runtime);
  return start({ ...rest, agent: { ...clientOptionsFrom(process.env), ...options.agent } }, runtime);
}
