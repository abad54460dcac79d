/** What an agent is told, by the key that says it. */

import type { AgentConfig } from '../agent/index.ts';
import { checkForApi, serviceForApi } from './config/definitions.ts';
import { isObject, type JsonObject } from './config/kinds.ts';
import type { Config } from './config/load-config.ts';
import { valueAt } from './config/value-at.ts';

/** Absent: nobody said anything about it. */
export interface AgentSettings {
  readonly isDev?: boolean;
  readonly dataDir?: string;
  readonly datacenter?: string;
  readonly nodeName?: string;
  readonly nodeId?: string;
  readonly nodeMeta?: Readonly<Record<string, string>>;
  readonly bindAddress?: string;
  /** Wins over the bind address. */
  readonly advertiseAddress?: string;
  readonly clientAddress?: string;
  /** Wins over the client address. */
  readonly httpAddress?: string;
  readonly httpPort?: number;
  readonly blockedPaths?: readonly string[];
  readonly writersFrom?: readonly string[];
  readonly responseHeaders?: Readonly<Record<string, string>>;
  readonly maxHeaderBytes?: number;
  readonly connectionsPerClient?: number;
  readonly requestRatePerClient?: number;
  readonly sidecarMinPort?: number;
  readonly sidecarMaxPort?: number;
  readonly logLevel?: string;
  readonly logJson?: boolean;
  readonly pidFile?: string;
  readonly checkUpdateInterval?: string;
  readonly enableScriptChecks?: boolean;
  readonly enableLocalScriptChecks?: boolean;
  readonly defaultIntentionPolicy?: string;
  readonly aclEnabled?: boolean;
  readonly aclDefaultPolicy?: string;
  readonly aclTokens?: AclTokens;
  readonly caConfig?: JsonObject;
  readonly allowManagedApiRegistration?: boolean;
  readonly allowManagedRoot?: boolean;
  /** `proxy` as in `ports.proxy_min_port`: of the proxies that the agent runs itself. */
  readonly proxyMinPort?: number;
  readonly proxyMaxPort?: number;
  readonly proxyExecMode?: string;
  readonly proxyDaemonCommand?: readonly string[];
  readonly proxyScriptCommand?: readonly string[];
  readonly proxyConfig?: JsonObject;
  /** As the API takes them. */
  readonly services: readonly JsonObject[];
  readonly checks: readonly JsonObject[];
  /** Keys and flags without effect. */
  readonly ignored: readonly string[];
}

type AclTokens = AgentConfig['acl']['tokens'];

/** The settings that are read as they stand, each with its key. */
type PlainName = Exclude<keyof AgentSettings, 'isDev' | 'aclTokens' | 'services' | 'checks' | 'ignored'>;

const keyOf: Readonly<Record<PlainName, string>> = {
  aclDefaultPolicy: 'acl.default_policy',
  aclEnabled: 'acl.enabled',
  advertiseAddress: 'advertise_addr',
  allowManagedApiRegistration: 'connect.proxy.allow_managed_api_registration',
  allowManagedRoot: 'connect.proxy.allow_managed_root',
  bindAddress: 'bind_addr',
  blockedPaths: 'http_config.block_endpoints',
  caConfig: 'connect.ca_config',
  maxHeaderBytes: 'http_config.max_header_bytes',
  responseHeaders: 'http_config.response_headers',
  connectionsPerClient: 'limits.http_max_conns_per_client',
  requestRatePerClient: 'limits.http_max_request_rate_per_client',
  checkUpdateInterval: 'check_update_interval',
  clientAddress: 'client_addr',
  dataDir: 'data_dir',
  datacenter: 'datacenter',
  defaultIntentionPolicy: 'default_intention_policy',
  enableLocalScriptChecks: 'enable_local_script_checks',
  enableScriptChecks: 'enable_script_checks',
  httpAddress: 'addresses.http',
  httpPort: 'ports.http',
  logJson: 'log_json',
  logLevel: 'log_level',
  nodeId: 'node_id',
  nodeMeta: 'node_meta',
  nodeName: 'node_name',
  pidFile: 'pid_file',
  proxyConfig: 'connect.proxy_defaults.config',
  proxyDaemonCommand: 'connect.proxy_defaults.daemon_command',
  proxyExecMode: 'connect.proxy_defaults.exec_mode',
  proxyMaxPort: 'ports.proxy_max_port',
  proxyMinPort: 'ports.proxy_min_port',
  proxyScriptCommand: 'connect.proxy_defaults.script_command',
  sidecarMaxPort: 'ports.sidecar_max_port',
  sidecarMinPort: 'ports.sidecar_min_port',
  writersFrom: 'http_config.allow_write_http_from',
};

/** Names of now and of earlier versions; the first that says something counts. */
const tokenKeys: Readonly<Record<keyof AclTokens, readonly string[]>> = {
  agent: ['acl.tokens.agent', 'acl_agent_token'],
  agentRecovery: ['acl.tokens.agent_recovery', 'acl.tokens.agent_master', 'acl_agent_master_token'],
  default: ['acl.tokens.default', 'acl_token'],
  initialManagement: ['acl.tokens.initial_management', 'acl.tokens.master', 'acl_master_token'],
  replication: ['acl.tokens.replication', 'acl_replication_token'],
};

/** Before there was `acl.enabled`, to say where ACLs are kept was to have them. */
const oldAclKeys = { enabled: 'acl_datacenter', defaultPolicy: 'acl_default_policy' };

/** Keys that mean something only when they say other than this. */
const usualValues: Readonly<Record<string, unknown>> = {
  'connect.ca_provider': 'consul',
  'connect.enabled': true,
  'ports.https': -1,
};

/** Every key with an effect. */
export const usedKeys: readonly string[] = [
  ...Object.values(keyOf),
  ...Object.values(tokenKeys).flat(),
  ...Object.values(oldAclKeys),
];

/** What can change while the agent runs, besides services and checks. */
const reloadable: ReadonlySet<keyof AgentSettings> = new Set<keyof AgentSettings>([
  'logLevel',
  'services',
  'checks',
  'ignored',
]);

/** `given`: flags without effect. Tokens are in no error and no list. */
export function settingsOf(config: Config, isDev: boolean | undefined, given: readonly string[]): AgentSettings {
  const { values } = config;
  const plain = Object.entries(keyOf).map(([name, key]) => [name, valueAt(values, key)] as const);
  const aclEnabled =
    valueAt(values, keyOf.aclEnabled) ?? ((valueAt(values, oldAclKeys.enabled) ?? '') !== '' || undefined);
  const settings = {
    ...Object.fromEntries(plain),
    isDev,
    aclEnabled,
    aclDefaultPolicy: valueAt(values, keyOf.aclDefaultPolicy) ?? valueAt(values, oldAclKeys.defaultPolicy),
    aclTokens: aclTokensIn(values),
    services: config.services.map(({ value }) => serviceForApi(value)),
    checks: config.checks.map(({ value }) => checkForApi(value)),
    ignored: [],
  };
  // The tables of keys have seen to it that each value is of its type.
  const said = Object.fromEntries(
    Object.entries(settings).filter(([, value]) => value !== undefined),
  ) as unknown as AgentSettings;
  return { ...said, ignored: [...unusedKeys(values), ...given, ...idle(said)] };
}

/** The keys whose values differ and wait for the next start. */
export function findRestartKeys(running: AgentSettings, wanted: AgentSettings): string[] {
  const names = new Set([...Object.keys(running), ...Object.keys(wanted)]) as ReadonlySet<keyof AgentSettings>;
  return [...names]
    .filter((name) => !reloadable.has(name) && JSON.stringify(running[name]) !== JSON.stringify(wanted[name]))
    .map((name) => (name === 'aclTokens' ? 'acl.tokens' : (keyOf[name as PlainName] ?? name)));
}

function aclTokensIn(values: JsonObject): JsonObject | undefined {
  const found = Object.entries(tokenKeys).flatMap(([name, keys]) => {
    const token = keys.map((key) => valueAt(values, key)).find((value) => value !== undefined && value !== '');
    return token === undefined ? [] : [[name, token] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** Keys without effect: a whole section under its own name where nothing in it has any. */
function unusedKeys(values: JsonObject, above = ''): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const key = `${above}${name}`;
    if (usedKeys.includes(key) || usualValues[key] === value) return [];
    if (usedKeys.some((used) => used.startsWith(`${key}.`)) && isObject(value)) return unusedKeys(value, `${key}.`);
    return [key];
  });
}

/** What is understood, and means nothing beside the rest. */
function idle({ isDev, dataDir, aclEnabled, aclDefaultPolicy, aclTokens }: AgentSettings): string[] {
  const hasIdleAcls = !aclEnabled && (aclDefaultPolicy !== undefined || aclTokens !== undefined);
  return [
    ...(isDev && dataDir !== undefined ? ['data_dir, because of -dev'] : []),
    ...(hasIdleAcls ? ['acl, because acl.enabled is not true'] : []),
  ];
}
