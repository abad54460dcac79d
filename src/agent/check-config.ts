import type { AgentConfig } from './config.ts';
import { checkDefinitions } from './definitions.ts';
import { managedProxyPlanningOf } from './managed-proxy-config.ts';

/** Whether an agent would take the definitions. Rejects with an InputError that names the one at fault; starts and keeps nothing. */
export async function checkAgentConfig(config: AgentConfig): Promise<void> {
  const { definitions, nodeName, sidecarPorts, scriptChecks } = config;
  const managedProxies = managedProxyPlanningOf(config, { random: () => 0 });
  await checkDefinitions(definitions, { nodeName, sidecarPorts, scriptChecks, managedProxies, now: 0 });
}
