/**
 * What one key must be beside another, or within its bounds: the rules for keys that the agent itself never looks at. A key is refused, and
 * not passed over with a warning, when without it something would be open, unguarded or unrecorded that its writer wants otherwise.
 */

import { isIP } from 'node:net';
import type { JsonObject } from './kinds.ts';
import { valueAt } from './value-at.ts';

export interface Mistake {
  readonly key: string;
  readonly message: string;
}

type Rule = readonly [key: string, judge: (value: never, values: JsonObject) => string | undefined];

/** The first mistake in a configuration that was merged from all its files. */
export function findMistake(values: JsonObject): Mistake | undefined {
  for (const [key, judge] of rules) {
    const value = valueAt(values, key);
    const message = value === undefined ? undefined : judge(value as never, values);
    if (message !== undefined) return { key, message };
  }
  return undefined;
}

const rules: readonly Rule[] = [
  ['acl.default_policy', denialWithoutAcls],
  ['acl.msp_disable_bootstrap', refuseIfOn('the bootstrap endpoint can’t be closed; bootstrap, and it closes itself')],
  ['acl_datacenter', datacenterName],
  ['acl_default_policy', denialWithoutAcls],
  ['addresses.dns', (text: string) => (/unix:/.test(text) ? 'DNS is not served on a Unix socket' : notAddresses(text))],
  ['addresses.grpc', notAddresses],
  ['addresses.http', notAddresses],
  ['addresses.https', notAddresses],
  ['audit.enabled', refuseIfOn('no audit log is written here')],
  ['autopilot.max_trailing_logs', notNegative],
  ['bootstrap', (on: boolean, values) => (on && !isServer(values) ? 'needs server = true' : undefined)],
  [
    'bootstrap_expect',
    (count: number, values) =>
      notNegative(count) ?? (count > 0 && !isServer(values) ? 'needs server = true' : undefined),
  ],
  [
    'client_addr',
    (text: string) => (/unix:/.test(text) ? 'a Unix socket goes into addresses.http' : notAddresses(text)),
  ],
  ['config_entries.bootstrap', bootstrapEntries],
  [
    'connect.ca_provider',
    (name: string) => (name === 'consul' ? undefined : 'only consul, the built-in provider, is there'),
  ],
  ['connect.enabled', (on: boolean) => (on ? undefined : 'Connect is what this agent is for; leave the key out')],
  ['dns_config.udp_answer_limit', notNegative],
  ['enable_agent_tls_for_checks', refuseIfOn('checks show no certificate, and trust the authorities of the system')],
  ['encrypt', (key: string) => (isBase64(key) ? undefined : 'this is no base64')],
  [
    'limits.request_limits.mode',
    (mode: unknown) =>
      mode === 'enforcing'
        ? 'requests of all clients together are not limited here; http_max_request_rate_per_client limits each'
        : undefined,
  ],
  [
    'partition',
    (name: string) => (/^(default)?$/i.test(name) ? undefined : 'there are no partitions: all would share one'),
  ],
  ['performance.raft_multiplier', (factor: number) => (factor < 1 || factor > 10 ? 'expected 1 to 10' : undefined)],
  [
    'ports.https',
    (port: number) =>
      port > 0 ? 'HTTPS is not served here; put a server in front that does, or leave the key out' : undefined,
  ],
  ['primary_datacenter', datacenterName],
  ['segment', (name: string) => (name === '' ? undefined : 'network segments are not there')],
  ['segments', (all: readonly unknown[]) => (all.length === 0 ? undefined : 'network segments are not there')],
  [
    'ui_dir',
    (folder: string, { ui }) => (ui === true && folder !== '' ? 'only one of ui and ui_dir can be given' : undefined),
  ],
];

function isServer({ server }: JsonObject): boolean {
  return server === true;
}

function refuseIfOn(reason: string): (on: boolean) => string | undefined {
  return (on) => (on ? reason : undefined);
}

/** Who writes `deny` wants requests judged. `acl.enabled = false` says plainly that nobody does. */
function denialWithoutAcls(policy: string, values: JsonObject): string | undefined {
  const isOpen = valueAt(values, 'acl.enabled') === undefined && !valueAt(values, 'acl_datacenter');
  return policy === 'deny' && isOpen ? 'nothing is denied without acl.enabled = true' : undefined;
}

function datacenterName(name: string): string | undefined {
  return /^[a-z0-9_-]*$/i.test(name) ? undefined : 'expected letters, digits, - and _';
}

/** Several stand apart by spaces; each is an IP address or a socket. */
function notAddresses(text: string): string | undefined {
  const wrong = text.split(/\s+/).find((one) => one !== '' && !/^unix:\/\/./.test(one) && isIP(bare(one)) === 0);
  return wrong === undefined ? undefined : `expected an IP address, found ${JSON.stringify(wrong)}`;
}

function bare(address: string): string {
  return address.replace(/^\[(.*)\]$/, '$1');
}

function notNegative(count: number): string | undefined {
  return count < 0 ? 'expected 0 or more' : undefined;
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0;
}

const entryKinds: ReadonlySet<unknown> = new Set([
  'api-gateway',
  'exported-services',
  'ingress-gateway',
  'mesh',
  'proxy-defaults',
  'service-defaults',
  'service-resolver',
  'service-router',
  'service-splitter',
  'terminating-gateway',
]);

/** Intentions are not read from there, and to pass over a `deny` would leave open what its writer wants closed. */
function bootstrapEntries(entries: readonly JsonObject[]): string | undefined {
  for (const entry of entries) {
    const kind = Object.entries(entry).find(([name]) => name.toLowerCase() === 'kind')?.[1];
    if (kind === 'service-intentions')
      return 'intentions are not read from files; write them with fairlead intention create';
    if (!entryKinds.has(kind)) return 'expected a kind of config entry, such as service-defaults';
  }
  return undefined;
}
