/** The agent as one running thing: state, CA, checks and the HTTP API on top of them. */

import { type Closable, type CloseOptions, Closers, InputError, type Runtime } from '../base/index.ts';
import {
  formatListenAddress,
  type ListenAddress,
  type Route,
  startHttpServer,
  type TcpAddress,
} from '../http/index.ts';
import { bootstrapResetIn } from './acl/bootstrap-reset.ts';
import { openAcls } from './acl/open-acls.ts';
import { createApiContext, intentionDefaultOf } from './api-context.ts';
import { type Ca, startCa } from './ca/ca.ts';
import { CaError } from './ca/ca-error.ts';
import { startChecks } from './checks/checks.ts';
import { type AgentConfig, type AgentOptions, type Definitions, parseAgentConfig } from './config.ts';
import { registerDefinitions } from './definitions.ts';
import type { ApiContext } from './http-api/context.ts';
import { apiRoutes } from './http-api/routes.ts';
import { enterOwnNode } from './own-node.ts';
import { reportingStorage } from './persist/reporting-storage.ts';
import { openSqliteStorage } from './persist/sqlite.ts';
import { memoryStorage } from './persist/storage.ts';
import type { OwnNode } from './registry/own-node.ts';
import { present } from './registry/present.ts';
import { Store } from './state/store.ts';

export interface Agent extends Closable {
  /** Of the first TCP listener. Throws when there is none. */
  readonly address: TcpAddress;
  /** All listeners, with the ports that were bound. */
  readonly addresses: readonly ListenAddress[];
  readonly nodeName: string;
  /** `<uuid>.consul`. */
  readonly trustDomain: string;
  /** Resolves when the agent has ended: with nothing after `close`, else with the reason. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Replaces what the configuration files defined; without an argument, asks for it as `PUT /v1/agent/reload` does. */
  reload(definitions?: Definitions): Promise<void>;
  /** Changes the CA to a root with a new key; leafs follow. */
  rotateRoot(): Promise<void>;
}

export interface AgentHooks {
  /** Reads the configuration files again, for `PUT /v1/agent/reload`. Absent: what they define stays. */
  readonly readDefinitions?: () => Promise<Definitions>;
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
  const reload = async (definitions: Definitions | undefined): Promise<void> => {
    const wanted = definitions ?? (await hooks.readDefinitions?.());
    if (wanted === undefined) return;
    const { nodeName, sidecarPorts, scriptChecks } = config;
    await registerDefinitions(store, wanted, { nodeName, sidecarPorts, scriptChecks, now: runtime.clock.now() });
    if (wanted.services.length + wanted.checks.length === 0) return;
    runtime.log.info('definitions loaded', { services: wanted.services.length, checks: wanted.checks.length });
  };
  await reload(config.definitions);
  const ca = starting.add(await startCaOf(config, store, runtime));
  starting.add(
    startChecks({
      store,
      runtime,
      nodeName: config.nodeName,
      scriptChecks: config.scriptChecks,
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
    self,
    acl: { acls, reset },
  });
  const addresses = await listen(config, context, routes, runtime, starting);
  logStart(config, node, addresses, runtime);
  return new RunningAgent({ node, ca, addresses, reload, owned: starting.release() });
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
  { http, allowedHosts, limits }: AgentConfig,
  context: ApiContext,
  routes: readonly Route[],
  runtime: Runtime,
  starting: Closers,
): Promise<ListenAddress[]> {
  const commonHeaders = { 'X-Consul-Default-Acl-Policy': context.defaultPolicy };
  const addresses: ListenAddress[] = [];
  for (const address of http) {
    const options = { routes, listen: address, commonHeaders, allowedHosts, limits };
    addresses.push(starting.add(await startHttpServer(options, runtime)).address);
  }
  return addresses;
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

interface Parts {
  readonly node: OwnNode;
  readonly ca: Ca;
  readonly addresses: readonly ListenAddress[];
  readonly reload: (definitions: Definitions | undefined) => Promise<void>;
  readonly owned: Closers;
}

class RunningAgent implements Agent {
  readonly #parts: Parts;
  readonly #closed: PromiseWithResolvers<Error | undefined> = Promise.withResolvers<Error | undefined>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get address(): TcpAddress {
    const address = this.#parts.addresses.find((one) => 'port' in one);
    if (address === undefined) throw new InputError('', 'this agent serves HTTP on Unix sockets only');
    return address;
  }

  get addresses(): readonly ListenAddress[] {
    return this.#parts.addresses;
  }

  get nodeName(): string {
    return this.#parts.node.name;
  }

  get trustDomain(): string {
    return this.#parts.ca.trustDomain;
  }

  get closed(): Promise<Error | undefined> {
    return this.#closed.promise;
  }

  reload(definitions?: Definitions): Promise<void> {
    return this.#parts.reload(definitions);
  }

  rotateRoot(): Promise<void> {
    return this.#parts.ca.rotateRoot();
  }

  async close(options?: CloseOptions): Promise<void> {
    try {
      await this.#parts.owned.close(options);
      this.#closed.resolve(undefined);
    } catch (error) {
      this.#closed.resolve(error as Error);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
