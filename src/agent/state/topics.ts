/** The names of what reads depend on. A write touches those in which its change shows; nothing else wakes. */

import { type CheckRow, fold, type ServiceRow } from './tables.ts';

export const topic = {
  /** The list of nodes. */
  nodes: 'nodes',
  /** The list of service names and tags. */
  services: 'services',
  /** Any check, for the lists by state. */
  checks: 'checks',
  /** A node and its services. */
  node: (node: string): string => `node:${fold(node)}`,
  /** Which checks the agent runs, and how: not how they are. */
  checkDefinitions: 'check-definitions',
  checksOfNode: (node: string): string => `node-checks:${fold(node)}`,
  /** Instances of a name, with their nodes and checks. */
  service: (name: string): string => `service:${fold(name)}`,
  /** Instances that take Connect traffic for a name, with their nodes and checks. */
  connect: (name: string): string => `connect:${fold(name)}`,
  /** One registration of this agent, for hash blocking. */
  agentService: (id: string): string => `agent-service:${id}`,
  /** Which proxies the agent runs itself, and how. */
  managedProxies: 'managed-proxies',
  intentions: 'intentions',
  /** Intentions whose destination is exactly this name or `*`. */
  intentionsTo: (destination: string): string => `intentions-to:${fold(destination)}`,
  intentionsFrom: (source: string): string => `intentions-from:${fold(source)}`,
  configEntries: (kind: string): string => `config:${kind}`,
  aclTokens: 'acl-tokens',
  aclPolicies: 'acl-policies',
  aclRoles: 'acl-roles',
  roots: 'roots',
  leaf: (service: string): string => `leaf:${service}`,
} as const;

/** Where a service's row shows. */
export function topicsOfService(row: ServiceRow): string[] {
  return [topic.node(row.node), ...topicsOfInstance(row)];
}

/** Where a service shows together with its checks and its node, so that their changes show there too. */
export function topicsOfInstance(row: ServiceRow): string[] {
  const destination =
    row.kind === 'connect-proxy' ? row.proxy?.destinationServiceName : row.isNative ? row.name : undefined;
  return [topic.service(row.name), ...(destination === undefined ? [] : [topic.connect(destination)])];
}

/** Where a check's row shows, besides in the instances it belongs to. */
export function topicsOfCheck(row: CheckRow): string[] {
  return [topic.checks, topic.checksOfNode(row.node)];
}
