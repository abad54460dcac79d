/** What an agent is started with. Ours throughout: Consul's names for it are translated by `cli`. */

import { hostname } from 'node:os';
import { z } from 'zod';
import { InputError } from '../base/index.ts';
import {
  type AccessOptions,
  canonicalHeaders,
  findHeaderError,
  isAddressRange,
  type ListenAddress,
  type ResponseHeaders,
} from '../http/index.ts';
import type { AclConfig } from './acl/open-acls.ts';
import { type ManagedProxyConfig, type ManagedProxyOptions, managedProxyConfig } from './managed-proxy-config.ts';
import type { ScriptChecks } from './registry/script-checks.ts';
import { findMetaError } from './registry/service-errors.ts';

export interface AgentConfig {
  /** The folder that keeps the state; made if it is not there. Absent with `dev`. */
  readonly dataDir?: string | undefined;
  /** Everything is in memory and gone at the end. */
  readonly dev: boolean;
  /** Where HTTP is served. Default: 127.0.0.1:8500. Port 0 takes any free one. */
  readonly http: readonly ListenAddress[];
  /** Default: the host's. */
  readonly nodeName: string;
  /** A UUID. Default: the one of the state, or a new one. */
  readonly nodeId?: string | undefined;
  readonly nodeMeta: Readonly<Record<string, string>>;
  /** The IP address under which this node's services are found. Default: 127.0.0.1. */
  readonly nodeAddress: string;
  /** Default: dc1. */
  readonly datacenter: string;
  /** Where a Consul server's own protocol would be. Shown where clients look for it, never opened. Default: 8300. */
  readonly serverPort: number;
  readonly acl: AclConfig;
  /** What applies where no intention matches. Default: that of ACLs; without them allow. */
  readonly defaultIntentionPolicy?: 'allow' | 'deny' | undefined;
  /** Fixes the trust domain `<clusterId>.consul` of a new state. */
  readonly clusterId?: string | undefined;
  /** Consul's names, as `ca_config` has them; for a new state. */
  readonly caConfig: Readonly<Record<string, unknown>>;
  /** Shortest life of a leaf that may be configured, in milliseconds. Default: an hour. */
  readonly minLeafTtl?: number | undefined;
  /** Names besides `localhost` under which a request may address a loopback listener. */
  readonly allowedHosts: readonly string[];
  /** What is closed on its listeners, whatever token a request has. Default: nothing. Calls of `fetch` in this process are not concerned. */
  readonly access: AccessOptions;
  /** Of the operator's own, on the answers of its listeners; not on the index page, nor where there is no such path. Default: none. */
  readonly responseHeaders: ResponseHeaders;
  readonly limits: AgentLimits;
  /** From which sidecars get their ports, both ends included. Default: 21000 to 21255. */
  readonly sidecarPorts: { readonly min: number; readonly max: number };
  /** Proxies that the agent runs itself. */
  readonly managedProxies: ManagedProxyConfig;
  /** Whose checks may run programs: nobody's by default, those of configuration files, or (`on`) those of the API too. */
  readonly scriptChecks: ScriptChecks;
  /** Milliseconds until new output of a check at an unchanged state shows in the catalog. Default: 5 minutes. */
  readonly checkUpdateInterval?: number | undefined;
  /** Registrations of configuration files, as the API takes them. They replace those of the run before. */
  readonly definitions: Definitions;
}

export interface AgentLimits {
  /** Bytes of a request's body. Default: 1 MiB. */
  readonly body: number;
  /** Bytes of a request line and its headers. Default: 32 KiB. */
  readonly headers: number;
  /** Open connections of one listener. Default: 20 000. */
  readonly connections: number;
  /** Open connections of one client address, on each listener; 0: no limit. Default: 200, and no limit for clients on this machine. */
  readonly connectionsPerClient?: number | undefined;
  /** Requests a second of one client address, likewise. Default: 1000, and no limit for clients on this machine. */
  readonly requestRatePerClient?: number | undefined;
}

export interface Definitions {
  /** As `PUT /v1/agent/service/register` takes them. */
  readonly services: readonly object[];
  /** As `PUT /v1/agent/check/register` takes them. */
  readonly checks: readonly object[];
}

/** What is left out gets its default; of `dataDir` and `dev`, one must be there. */
export type AgentOptions = Partial<
  Omit<AgentConfig, 'access' | 'acl' | 'limits' | 'managedProxies' | 'definitions'>
> & {
  readonly acl?: Partial<AclConfig>;
  readonly access?: Partial<AccessOptions>;
  readonly limits?: Partial<AgentLimits>;
  readonly managedProxies?: ManagedProxyOptions;
  readonly definitions?: Partial<Definitions>;
};

/** Throws an InputError that names the place. */
export function parseAgentConfig(options: AgentOptions): AgentConfig {
  const { data, error } = schema.safeParse(options);
  if (error !== undefined) throw inputErrorOf(error);
  if (data.dataDir === undefined && !data.dev)
    throw new InputError('', 'give a data directory (-data-dir) to keep the state in, or -dev to keep it in memory');
  if (data.dataDir !== undefined && data.dev) return { ...data, dataDir: undefined };
  return data;
}

const port = z.int('expected a port, 0 to 65535').min(0).max(65_535);
const address = z.union([
  z.strictObject({ host: z.string().min(1), port }),
  z.strictObject({ path: z.string().min(1, 'expected the path of a socket') }),
]);
/** Of what a node or datacenter can be called. Source: Consul, "Agent configuration": node_name, datacenter. */
const nodeName = z.string().regex(/^[^\s/\\]{1,253}$/, 'expected a name without spaces and slashes');
const datacenter = z.string().regex(/^[a-z0-9_-]{1,128}$/, 'expected lower case letters, digits, - and _');
const nodeMeta = z
  .record(z.string(), z.string())
  .check(({ value, issues }) => {
    const message = findMetaError(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value });
  })
  .default({});
const responseHeaders = z
  .record(z.string(), z.string())
  .check(({ value, issues }) => {
    const message = findHeaderError(value);
    if (message !== undefined) issues.push({ code: 'custom', message, input: value });
  })
  .transform(canonicalHeaders)
  .prefault({});
const uuid = z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i, 'expected a UUID');
const policy = z.enum(['allow', 'deny'], 'expected allow or deny');
const token = z.string().min(1, 'expected a token').max(4_096, 'expected a token of at most 4096 characters');
const addressRange = z.string().refine(isAddressRange, {
  error: ({ input }) => `expected a range of addresses such as 10.0.0.0/8, found ${JSON.stringify(input)}`,
});
const milliseconds = z.number().positive('expected a duration above 0');
const openObject = z.record(z.string(), z.unknown());

const headerBounds = 'expected 1024 to 1048576 bytes';

const schema = z.strictObject({
  dataDir: z.string().min(1, 'expected a folder').optional(),
  dev: z.boolean().default(false),
  http: z.array(address).default([{ host: '127.0.0.1', port: 8_500 }]),
  nodeName: nodeName.default(hostname),
  nodeId: uuid.optional(),
  nodeMeta,
  nodeAddress: z.union([z.ipv4(), z.ipv6()], 'expected an IP address').default('127.0.0.1'),
  datacenter: datacenter.default('dc1'),
  serverPort: port.default(8_300),
  acl: z
    .strictObject({
      enabled: z.boolean().default(false),
      defaultPolicy: policy.default('allow'),
      tokens: z
        .strictObject({
          initialManagement: token.optional(),
          default: token.optional(),
          agent: token.optional(),
          agentRecovery: token.optional(),
          replication: token.optional(),
        })
        .default({}),
    })
    .prefault({}),
  defaultIntentionPolicy: policy.optional(),
  clusterId: uuid.optional(),
  caConfig: openObject.default({}),
  minLeafTtl: milliseconds.optional(),
  allowedHosts: z.array(z.string().min(1)).default([]),
  access: z
    .strictObject({
      blockedPaths: z.array(z.string().startsWith('/', 'expected a path such as /v1/agent/leave')).default([]),
      writersFrom: z.array(addressRange).default([]),
    })
    .prefault({}),
  responseHeaders,
  limits: z
    .strictObject({
      body: z
        .int()
        .min(1_024)
        .default(1 << 20),
      headers: z
        .int(headerBounds)
        .min(1_024, headerBounds)
        .max(1 << 20, headerBounds)
        .default(32 << 10),
      connections: z.int().min(1).default(20_000),
      connectionsPerClient: z.int('expected 0 or more').min(0, 'expected 0 or more').optional(),
      requestRatePerClient: z.number('expected 0 or more').min(0, 'expected 0 or more').optional(),
    })
    .prefault({}),
  sidecarPorts: z
    .strictObject({ min: port, max: port })
    .refine(({ min, max }) => min <= max, 'expected min to be at most max')
    .default({ min: 21_000, max: 21_255 }),
  managedProxies: managedProxyConfig.prefault({}),
  scriptChecks: z.enum(['off', 'files', 'on'], 'expected off, files or on').default('off'),
  checkUpdateInterval: milliseconds.optional(),
  definitions: z
    .strictObject({ services: z.array(openObject).default([]), checks: z.array(openObject).default([]) })
    .prefault({}),
});

function inputErrorOf({ issues }: z.ZodError): InputError {
  const issue = issues[0];
  const place = (issue?.path ?? []).reduce<string>(
    (place, part) =>
      typeof part === 'number' ? `${place}[${part}]` : place === '' ? String(part) : `${place}.${String(part)}`,
    '',
  );
  return new InputError(place, issue?.message ?? 'unusable');
}
