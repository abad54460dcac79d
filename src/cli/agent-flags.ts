/** The flags of `fairlead agent`: those that mean something here, and the rest of a line written for Consul. */

import { InputError } from '../base/index.ts';
import type { JsonObject } from './config/kinds.ts';
import type { Format } from './config/source.ts';
import { configFormat } from './config-format.ts';
import { type Flag, type FlagTable, integer, type ListFlag, list, text, toggle, type Values } from './flags.ts';
import { parseKeyValues } from './key-value.ts';

export interface AgentFlags {
  readonly [name: string]: Flag<unknown>;
  readonly advertise: Flag<string>;
  readonly bind: Flag<string>;
  readonly client: Flag<string>;
  readonly 'config-dir': ListFlag;
  readonly 'config-file': ListFlag;
  readonly 'config-format': Flag<Format>;
  readonly 'data-dir': Flag<string>;
  readonly datacenter: Flag<string>;
  readonly 'default-intention-policy': Flag<string>;
  readonly dev: Flag<boolean>;
  readonly 'enable-local-script-checks': Flag<boolean>;
  readonly 'enable-script-checks': Flag<boolean>;
  readonly hcl: ListFlag;
  readonly 'http-port': Flag<number>;
  readonly 'https-port': Flag<number>;
  readonly 'log-json': Flag<boolean>;
  readonly 'log-level': Flag<string>;
  readonly node: Flag<string>;
  readonly 'node-id': Flag<string>;
  readonly 'node-meta': ListFlag;
  readonly 'pid-file': Flag<string>;
  readonly segment: Flag<string>;
}

export const agentFlags: AgentFlags = {
  advertise: text('The IP address under which the services of this node are found. Default: that of -bind.', 'address'),
  bind: text('Likewise; -advertise wins. Default: 127.0.0.1.', 'address'),
  client: text('The address to serve HTTP on, or several apart by spaces. Default: 127.0.0.1.', 'address'),
  'config-dir': {
    ...list('A folder of which .hcl and .json files are read by name; may be given several times.', 'folder'),
    joins: 'config-file', // one list, in the order of the command line
  },
  'config-file': list('A configuration file, .hcl or .json; may be given several times. A later one wins.', 'file'),
  'config-format': configFormat,
  'data-dir': text('The folder that keeps the state.', 'folder'),
  datacenter: text('The name of the datacenter. Default: dc1.', 'name'),
  'default-intention-policy': text(
    'What applies where no intention matches. Default: that of ACLs, else allow.',
    'allow or deny',
  ),
  dev: toggle('Keep the state in memory only.'),
  'enable-local-script-checks': toggle('Let checks of configuration files run programs. Default: none may.'),
  'enable-script-checks': toggle(
    'Let checks of the HTTP API run programs too. Whoever may register one runs what they like.',
  ),
  hcl: list('A piece of configuration in HCL, which wins over files and flags; may be given several times.', 'text'),
  'http-port': integer('The port to serve HTTP on. Default: 8500.', 'port'),
  'https-port': integer('Only -1: HTTPS is not served here.', 'port'),
  'log-json': toggle('Log as JSON lines. Default: unless standard output is a terminal.'),
  'log-level': text('trace, debug, info, warn or err. Default: info.', 'level'),
  node: text("This node's name. Default: the host's.", 'name'),
  'node-id': text("This node's ID, a UUID. Default: a random one, kept in the state.", 'id'),
  'node-meta': list("This node's metadata; may be given several times.", 'key:value', checkMeta),
  'pid-file': text('A file to write the process ID to.', 'file'),
  segment: text('Only an empty one: network segments are not there.', 'name'),
};

/** The flags that say what a key says. */
export const flagKeys: Readonly<Partial<Record<keyof AgentFlags, string>>> = {
  advertise: 'advertise_addr',
  bind: 'bind_addr',
  client: 'client_addr',
  'data-dir': 'data_dir',
  datacenter: 'datacenter',
  'default-intention-policy': 'default_intention_policy',
  'enable-local-script-checks': 'enable_local_script_checks',
  'enable-script-checks': 'enable_script_checks',
  'http-port': 'ports.http',
  'https-port': 'ports.https',
  'log-json': 'log_json',
  'log-level': 'log_level',
  node: 'node_name',
  'node-id': 'node_id',
  'node-meta': 'node_meta',
  'pid-file': 'pid_file',
  segment: 'segment',
};

/** The flags on the line as a configuration of their own. */
export function configOfFlags(values: Values<AgentFlags>): JsonObject {
  const { 'http-port': http, 'https-port': https, 'node-meta': nodeMeta } = values;
  const meta = parseKeyValues(nodeMeta, ':');
  const plain = Object.entries(flagKeys)
    .filter(([name, key]) => values[name] !== undefined && !key?.includes('.') && name !== 'node-meta')
    .map(([name, key]) => [key, values[name]] as const);
  const ports = { ...(http !== undefined && { http }), ...(https !== undefined && { https }) };
  return {
    ...Object.fromEntries(plain),
    ...(Object.keys(ports).length > 0 && { ports }),
    ...(meta !== undefined && { node_meta: meta }),
  };
}

function checkMeta(value: string): void {
  if (!value.includes(':')) throw new InputError('', `expected key:value, found ${JSON.stringify(value)}`);
}

/** What makes a cluster of machines, or a part that is not here. Read and named in one warning. */
const inGroup = <T>(flag: Flag<T>): Flag<T> => ({
  ...flag,
  group: 'Accepted from a line written for Consul, without effect:',
});
const ignoredText = inGroup(text(''));
const ignoredToggle = inGroup(toggle(''));
const ignoredList: ListFlag = { ...inGroup(list('')), isList: true };

export const ignoredFlags: FlagTable = {
  'advertise-wan': ignoredText,
  'alt-domain': ignoredText,
  'auto-reload-config': ignoredToggle,
  bootstrap: ignoredToggle,
  'bootstrap-expect': ignoredText,
  check_output_max_size: ignoredText,
  'default-query-time': ignoredText,
  'disable-host-node-id': ignoredToggle,
  'disable-keyring-file': ignoredToggle,
  'dns-port': ignoredText,
  domain: ignoredText,
  encrypt: ignoredText,
  'grpc-port': ignoredText,
  'grpc-tls-port': ignoredText,
  join: ignoredList,
  'join-wan': ignoredList,
  'log-file': ignoredText,
  'log-rotate-bytes': ignoredText,
  'log-rotate-duration': ignoredText,
  'log-rotate-max-files': ignoredText,
  'max-query-time': ignoredText,
  'non-voting-server': ignoredToggle,
  'primary-gateway': ignoredList,
  protocol: ignoredText,
  'raft-protocol': ignoredText,
  'read-replica': ignoredToggle,
  recursor: ignoredList,
  rejoin: ignoredToggle,
  'retry-interval': ignoredText,
  'retry-interval-wan': ignoredText,
  'retry-join': ignoredList,
  'retry-join-wan': ignoredList,
  'retry-max': ignoredText,
  'retry-max-wan': ignoredText,
  'serf-lan-allowed-cidrs': ignoredList,
  'serf-lan-bind': ignoredText,
  'serf-lan-port': ignoredText,
  'serf-wan-allowed-cidrs': ignoredList,
  'serf-wan-bind': ignoredText,
  'serf-wan-port': ignoredText,
  server: ignoredToggle,
  'server-port': ignoredText,
  syslog: ignoredToggle,
  ui: ignoredToggle,
  'ui-content-path': ignoredText,
  'ui-dir': ignoredText,
};

/** The ignored flags that stand on the line, as they were written. */
export function givenIgnoredFlags(values: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(ignoredFlags)
    .filter((name) => {
      const value = values[name];
      return Array.isArray(value) ? value.length > 0 : value !== undefined;
    })
    .map((name) => `-${name}`);
}
