/** The agent as one running thing: state, CA, checks and the HTTP API on top of them. */

import { type Closable, Closers, InputError, messageOf, type Runtime } from '../base/index.ts';
import {
  formatListenAddress,
  type HttpServerOptions,
  type ListenAddress,
  startHttpServer,
  startInProcessServer,
} from '../http/index.ts';
import { bootstrapResetIn } from './acl/bootstrap-reset.ts';
import { openAcls } from './acl/open-acls.ts';
import type { Agent } from './agent-interface.ts';
import { createApiContext, intentionDefaultOf } from './api-context.ts';
import { type Ca, startCa } from './ca/ca.ts';
import { CaError } from './ca/ca-error.ts';
import { startChecks } from './checks/checks.ts';
import { type AgentConfig, type AgentOptions, type Definitions, parseAgentConfig } from './config.ts';
import { registerDefinitions } from './definitions.ts';
import { apiRoutes } from './http-api/routes.ts';
import { managedProxyDefaultsOf, managedProxyPlanningOf } from './managed-proxy-config.ts';
import { enterOwnNode } from './own-node.ts';
import { reportingStorage } from './persist/reporting-storage.ts';
import { openSqliteStorage } from './persist/sqlite.ts';
import { memoryStorage } from './persist/storage.ts';
import { ManagedProxies } from './registry/managed-proxies.ts';
import type { OwnNode } from './registry/own-node.ts';
import { present } from './registry/present.ts';
import { RunningAgent } from './running-agent.ts';
import { Store } from './state/store.ts';
import { agentAddressFor } from './supervisor/environment.ts';
import type { Surroundings } from './supervisor/launch.ts';
import { startSupervisor } from './supervisor/supervisor.ts';

export interface AgentHooks {
  /** Reads the configuration files again, for `PUT /v1/agent/reload`. Absent: what they define stays. */
  readonly readDefinitions?: () => Promise<Definitions>;
  /** What the runtime has counted, as Prometheus reads it, for `GET /v1/agent/metrics`. Absent: 501 there. */
  readonly readMetrics?: () => Promise<string>;
}

/**
 * Serves when it resolves. Throws an InputError for configuration that can't be used, a StorageError when the state can't be opened;
 * nothing is left running then.
 */
export async function startAgent(options: AgentOptions, runtime: Runtime, hooks: AgentHooks = {}): Promise<Agent> {
  const config = parseAgentConfig(options);
  await using starting = new Closers();
  const store = openStore(config, runtime, starting);
  const node = await enterOwnNode(store, config);
  const planning = managedProxyPlanningOf(config, runtime);
  const load = async (wanted: Definitions): Promise<void> => {
    const { nodeName, sidecarPorts, scriptChecks } = config;
    const now = runtime.clock.now();
    await registerDefinitions(store, wanted, { nodeName, sidecarPorts, scriptChecks, managedProxies: planning, now });
    if (wanted.services.length + wanted.checks.length === 0) return;
    runtime.log.info('definitions loaded', { services: wanted.services.length, checks: wanted.checks.length });
  };
  await load(config.definitions);
  const reload = oneByOne(async (definitions: Definitions | undefined) => {
    try {
      const wanted = definitions ?? (await hooks.readDefinitions?.());
      if (wanted !== undefined) await load(wanted);
    } catch (error) {
      runtime.log.error('reload failed, all stays as it was', { error: messageOf(error) });
      throw error;
    }
  });
  const reasons = new Map<string, string>();
  const ca = starting.add(await startCaOf(config, store, runtime));
  starting.add(
    startChecks({
      store,
      runtime,
      nodeName: config.nodeName,
      scriptChecks: config.scriptChecks,
      explain: (serviceId) => reasons.get(serviceId),
      ...present({ checkUpdateInterval: config.checkUpdateInterval }),
    }),
  );

  const { datacenter, nodeName } = config;
  const acls = await openAcls(config.acl, { store, clock: runtime.clock, datacenter, nodeName });
  const context = createApiContext(config, { store, runtime, acls });
  const self = { node, hasAcls: acls !== undefined, settings: settingsOf(config), reload: () => reload(undefined) };
  const reset = config.dataDir === undefined ? undefined : bootstrapResetIn(config.dataDir);
  const routes = apiRoutes(context, {
    ca,
    sidecarPorts: config.sidecarPorts,
    scriptChecks: config.scriptChecks,
    managedProxies: { allowApiRegistration: config.managedProxies.allowApiRegistration, planning },
    self,
    acl: { acls, reset },
    metrics: hooks.readMetrics,
  });
  const commonHeaders = { 'X-Consul-Default-Acl-Policy': context.defaultPolicy };
  const inProcess = starting.add(startInProcessServer({ routes, commonHeaders }, runtime.log));
  const served = { routes, commonHeaders: { ...config.responseHeaders, ...commonHeaders } };
  const addresses = await listen(config, served, runtime, starting);
  starting.add(
    startSupervisor({
      store,
      runtime,
      proxies: new ManagedProxies(store, nodeName, managedProxyDefaultsOf(config)),
      surroundings: surroundingsOf(config, addresses),
      dataDir: config.dataDir,
      reasons,
    }),
  );
  logStart(config, node, addresses, runtime);
  const { clock } = runtime;
  return new RunningAgent({ node, ca, store, clock, inProcess, addresses, reload, owned: starting.release() });
}

/** Each call begins when the one before has ended: what was read last counts. */
function oneByOne<T>(act: (value: T) => Promise<void>): (value: T) => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  return (value) => {
    const current = last.then(() => act(value));
    last = current.catch(() => undefined);
    return current;
  };
}

function openStore({ dataDir }: AgentConfig, runtime: Runtime, starting: Closers): Store {
  const storage = dataDir === undefined ? memoryStorage() : reportingStorage(openSqliteStorage(dataDir), runtime.log);
  starting.add(closable(() => storage.close())); // for a store that can't be read
  const store = new Store(storage);
  starting.add(closable(() => store.close()));
  return store;
}

function closable(end: () => void): Closable {
  const close = async (): Promise<void> => end();
  return { close, [Symbol.asyncDispose]: close };
}

async function startCaOf(config: AgentConfig, store: Store, runtime: Runtime): Promise<Ca> {
  const { datacenter, caConfig, clusterId, minLeafTtl } = config;
  try {
    return await startCa({ store, runtime, datacenter, config: caConfig, ...present({ clusterId, minLeafTtl }) });
  } catch (error) {
    if (error instanceof CaError && error.code === 'CONFIG_REFUSED') throw new InputError('caConfig', error.message);
    throw error;
  }
}

async function listen(
  config: AgentConfig,
  served: Pick<HttpServerOptions, 'routes' | 'commonHeaders'>,
  runtime: Runtime,
  starting: Closers,
): Promise<ListenAddress[]> {
  const { http, allowedHosts, access } = config;
  const { connectionsPerClient, requestRatePerClient, ...limits } = config.limits;
  const perClient = { connections: connectionsPerClient, requestRate: requestRatePerClient };
  const addresses: ListenAddress[] = [];
  for (const address of http) {
    const options = { ...served, listen: address, allowedHosts, access, limits: { ...limits, perClient } };
    addresses.push(starting.add(await startHttpServer(options, runtime)).address);
  }
  return addresses;
}

/** Of the managed proxies. */
function surroundingsOf({ managedProxies }: AgentConfig, addresses: readonly ListenAddress[]): Surroundings {
  return {
    agentAddress: agentAddressFor(addresses),
    environment: managedProxies.environment,
    isRefusedAsRoot: process.geteuid?.() === 0 && !managedProxies.allowRoot,
  };
}

/** What `agent/self` shows of it. */
function settingsOf(config: AgentConfig): Readonly<Record<string, unknown>> {
  return {
    ACLDefaultPolicy: config.acl.defaultPolicy,
    ACLsEnabled: config.acl.enabled,
    ConnectEnabled: true,
    ConnectSidecarMaxPort: config.sidecarPorts.max,
    ConnectSidecarMinPort: config.sidecarPorts.min,
    DataDir: config.dataDir ?? '',
    DefaultIntentionPolicy: config.defaultIntentionPolicy ?? '',
    DevMode: config.dev,
    HTTPAddrs: config.http.map(formatListenAddress),
    NodeMeta: config.nodeMeta,
  };
}

function logStart(config: AgentConfig, node: OwnNode, addresses: readonly ListenAddress[], { log }: Runtime): void {
  const { acl, dataDir } = config;
  log.info('agent started', {
    node: node.name,
    nodeId: node.id,
    datacenter: node.datacenter,
    http: addresses.map(formatListenAddress),
    dataDir: dataDir ?? 'none: the state is in memory',
    acls: acl.enabled ? `on, default policy ${acl.defaultPolicy}` : 'off: who reaches the API may do everything',
  });
  const { allow, reason } = intentionDefaultOf(config);
  log.info('connections that no intention matches', { decision: allow ? 'allow' : 'deny', reason });
}
