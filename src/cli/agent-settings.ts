/**
 * What an agent is told, from configuration files and then from flags; a later one wins, lists and maps grow. Keys are Consul's,
 * in any case and with or without underscores.
 */

import type { AgentConfig } from '../agent/index.ts';
import { InputError } from '../base/index.ts';
import type { AgentFlags } from './agent-flags.ts';
import { type ConfigFile, placeOfKey } from './config-files.ts';
import { ignoredAclKeys, ignoredKeys, ignoredPorts } from './consul-keys.ts';
import type { Values } from './flags.ts';
import { parseKeyValues } from './key-value.ts';
import { flatten, isObject, type JsonObject, normalizeCheck, normalizeService } from './service-definition.ts';

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
  readonly sidecarMinPort?: number;
  readonly sidecarMaxPort?: number;
  readonly logLevel?: string;
  readonly logJson?: boolean;
  readonly pidFile?: string;
  readonly checkUpdateInterval?: string;
  readonly defaultIntentionPolicy?: string;
  readonly aclEnabled?: boolean;
  readonly aclDefaultPolicy?: string;
  readonly aclTokens?: AclTokens;
  readonly caConfig?: JsonObject;
  /** As the API takes them. */
  readonly services: readonly JsonObject[];
  readonly checks: readonly JsonObject[];
  /** Keys and flags without effect, as they were written. */
  readonly ignored: readonly string[];
}

type AclTokens = AgentConfig['acl']['tokens'];

type Draft = { -readonly [Key in keyof AgentSettings]: AgentSettings[Key] };

/** Throws InputError that names the file, and the line where it can be told. */
export function settingsFromFiles(files: readonly ConfigFile[]): AgentSettings {
  const draft: Draft = { services: [], checks: [], ignored: [] };
  for (const file of files) readObject(draft, file, '', file.value, topLevelKeys);
  return { ...draft, ignored: [...new Set(draft.ignored)] };
}

/** Flags win over files. `given` are flags without effect. */
export function withFlags(
  settings: AgentSettings,
  values: Values<AgentFlags>,
  given: readonly string[],
): AgentSettings {
  const meta = parseKeyValues(values['node-meta'].map((text) => text.replace(':', '=')));
  const fromFlags = {
    isDev: values.dev,
    dataDir: values['data-dir'],
    datacenter: values.datacenter,
    nodeName: values.node,
    nodeId: values['node-id'],
    bindAddress: values.bind,
    advertiseAddress: values.advertise,
    clientAddress: values.client,
    httpPort: values['http-port'],
    logLevel: values['log-level'],
    logJson: values['log-json'],
    pidFile: values['pid-file'],
    defaultIntentionPolicy: values['default-intention-policy'],
    nodeMeta: meta && { ...settings.nodeMeta, ...meta },
  };
  const said = Object.fromEntries(Object.entries(fromFlags).filter(([, value]) => value !== undefined));
  const merged: AgentSettings = { ...settings, ...said };
  return { ...merged, ignored: [...settings.ignored, ...given, ...unusedOf(merged)] };
}

/** What is understood, and means nothing beside the rest. */
function unusedOf({ isDev, dataDir, aclEnabled, aclDefaultPolicy, aclTokens }: AgentSettings): string[] {
  const hasIdleAcls = !aclEnabled && (aclDefaultPolicy !== undefined || Object.keys(aclTokens ?? {}).length > 0);
  return [
    ...(isDev && dataDir !== undefined ? ['data_dir, because of -dev'] : []),
    ...(hasIdleAcls ? ['acl, because acl.enabled is not true'] : []),
  ];
}

type ReadKey = (draft: Draft, value: unknown, at: Place) => void;

/** Where a value stands. */
interface Place {
  readonly file: ConfigFile;
  /** As written, with what is above it: `ports.http`. */
  readonly path: string;
}

type Keys = Readonly<Record<string, ReadKey>>;

const ignore: ReadKey = (draft, _value, { path }) => {
  draft.ignored = [...draft.ignored, path];
};

const topLevelKeys: Keys = {
  ...Object.fromEntries([...ignoredKeys].map((key) => [key, ignore])),
  aclagentmastertoken: aclToken('agentRecovery'),
  aclagenttoken: aclToken('agent'),
  // Before there was `acl.enabled`, to say where ACLs are kept was to have them.
  acldatacenter: (draft, value) => {
    if (value !== '') draft.aclEnabled = true;
  },
  acldefaultpolicy: text('aclDefaultPolicy'),
  aclmastertoken: aclToken('initialManagement'),
  aclreplicationtoken: aclToken('replication'),
  acltoken: aclToken('default'),
  acl: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), aclKeys),
  addresses: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), addressKeys),
  advertiseaddr: text('advertiseAddress'),
  bindaddr: text('bindAddress'),
  check: addChecks,
  checks: addChecks,
  checkupdateinterval: text('checkUpdateInterval'),
  clientaddr: text('clientAddress'),
  connect: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), connectKeys),
  datacenter: text('datacenter'),
  datadir: text('dataDir'),
  defaultintentionpolicy: text('defaultIntentionPolicy'),
  logjson: toggle('logJson'),
  loglevel: text('logLevel'),
  httpconfig: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), httpKeys),
  nodeid: text('nodeId'),
  nodemeta: (draft, value, at) => {
    draft.nodeMeta = { ...draft.nodeMeta, ...stringsAt(value, at) };
  },
  nodename: text('nodeName'),
  pidfile: text('pidFile'),
  ports: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), portKeys),
  service: addServices,
  services: addServices,
};

const aclKeys: Keys = {
  ...Object.fromEntries([...ignoredAclKeys].map((key) => [key, ignore])),
  defaultpolicy: text('aclDefaultPolicy'),
  enabled: toggle('aclEnabled'),
  tokens: (draft, value, at) => readObject(draft, at.file, at.path, objectAt(value, at), aclTokenKeys),
};

/** Names of now and of earlier versions. */
const aclTokenKeys: Keys = {
  agent: aclToken('agent'),
  agentmaster: aclToken('agentRecovery'),
  agentrecovery: aclToken('agentRecovery'),
  configfileserviceregistration: ignore,
  default: aclToken('default'),
  dns: ignore,
  initialmanagement: aclToken('initialManagement'),
  managedserviceprovider: ignore,
  master: aclToken('initialManagement'),
  replication: aclToken('replication'),
};

/** What it finds is a secret and in no message. */
function aclToken(name: keyof AclTokens): ReadKey {
  return (draft, value, at) => {
    if (typeof value !== 'string') throw new InputError(placeOf(at), 'expected a token, as text');
    if (value !== '') draft.aclTokens = { ...draft.aclTokens, [name]: value };
  };
}

const httpKeys: Keys = {
  allowwritehttpfrom: refuseUnlessEmpty,
  blockendpoints: refuseUnlessEmpty,
  maxheaderbytes: ignore,
  responseheaders: ignore,
  usecache: ignore,
};

function refuseUnlessEmpty(draft: Draft, value: unknown, at: Place): void {
  if (!Array.isArray(value) || value.length > 0) throw new InputError(placeOf(at), 'is not there yet; take it out');
  ignore(draft, value, at);
}

const addressKeys: Keys = { http: text('httpAddress'), https: ignore, grpc: ignore, grpctls: ignore, dns: ignore };

const portKeys: Keys = {
  ...Object.fromEntries([...ignoredPorts].map((key) => [key, ignore])),
  http: integer('httpPort'),
  sidecarminport: integer('sidecarMinPort'),
  sidecarmaxport: integer('sidecarMaxPort'),
};

const connectKeys: Keys = {
  enabled: (draft, value, at) => {
    if (value !== true) ignore(draft, value, at);
  },
  caprovider: (_draft, value, at) => {
    if (value !== 'consul') throw wrongValue(at, 'consul, the built-in provider', value);
  },
  caconfig: (draft, value, at) => {
    draft.caConfig = objectAt(value, at);
  },
  enablemeshgatewaywanfederation: ignore,
  enableserverlesspluginmode: ignore,
};

function readObject(draft: Draft, file: ConfigFile, above: string, object: JsonObject, keys: Keys): void {
  for (const [key, value] of Object.entries(object)) {
    const path = above === '' ? key : `${above}.${key}`;
    const flat = flatten(key);
    const read = Object.hasOwn(keys, flat) ? keys[flat] : undefined;
    if (!read) throw new InputError(`${placeOfKey(file, key)}: ${path}`, 'there is no such key');
    if (value !== null) read(draft, value, { file, path });
  }
}

/** The names of settings whose values are of type T. */
type NamesOf<T> = { [Key in keyof Draft]-?: Draft[Key] extends T | undefined ? Key : never }[keyof Draft];

function text(name: NamesOf<string>): ReadKey {
  return (draft, value, at) => {
    if (typeof value !== 'string') throw wrongValue(at, 'text', value);
    draft[name] = value;
  };
}

function toggle(name: NamesOf<boolean>): ReadKey {
  return (draft, value, at) => {
    if (typeof value !== 'boolean') throw wrongValue(at, 'true or false', value);
    draft[name] = value;
  };
}

function integer(name: NamesOf<number>): ReadKey {
  return (draft, value, at) => {
    if (!Number.isSafeInteger(value)) throw wrongValue(at, 'a whole number', value);
    draft[name] = value as number;
  };
}

function addServices(draft: Draft, value: unknown, at: Place): void {
  draft.services = [...draft.services, ...eachOf(value, at, normalizeService)];
}

function addChecks(draft: Draft, value: unknown, at: Place): void {
  draft.checks = [...draft.checks, ...eachOf(value, at, normalizeCheck)];
}

/** An object, or a list of them: Consul takes either under either key. */
function eachOf(value: unknown, at: Place, normalize: (one: unknown, place: string) => JsonObject): JsonObject[] {
  const place = `${at.file.path}: ${at.path}`;
  if (!Array.isArray(value)) return [normalize(value, place)];
  return value.map((one, index) => normalize(one, `${place}[${index}]`));
}

function objectAt(value: unknown, at: Place): JsonObject {
  if (!isObject(value)) throw wrongValue(at, 'an object', value);
  return value;
}

function stringsAt(value: unknown, at: Place): Readonly<Record<string, string>> {
  const entries = Object.entries(objectAt(value, at)).map(([key, one]): [string, string] => {
    if (typeof one !== 'string') throw wrongValue({ ...at, path: `${at.path}.${key}` }, 'text', one);
    return [key, one];
  });
  return Object.fromEntries(entries);
}

function wrongValue(at: Place, expected: string, found: unknown): InputError {
  return new InputError(placeOf(at), `expected ${expected}, found ${JSON.stringify(found)}`);
}

function placeOf({ file, path }: Place): string {
  return `${placeOfKey(file, path.split('.').at(-1) ?? path)}: ${path}`;
}
