/**
 * `Stats` of `/v1/agent/self`, which `consul info` prints: every value is text. The groups `raft` and `serf_…` have the names that clients
 * look for; they say what is true of a cluster of one.
 */

import { availableParallelism } from 'node:os';
import type { OwnNode } from '../registry/own-node.ts';
import type { Store } from '../state/store.ts';
import { fold } from '../state/tables.ts';

export function statsOf(store: Store, node: OwnNode, hasAcls: boolean): object {
  const serverAddress = `${node.address}:${node.serverPort}`;
  return {
    agent: countRegistrations(store, node.name),
    build: { prerelease: '', revision: '', version: node.version },
    consul: {
      acl: hasAcls ? 'enabled' : 'disabled',
      bootstrap: 'true',
      known_datacenters: '1',
      leader: 'true',
      leader_addr: serverAddress,
      server: 'true',
    },
    raft: raftOf(String(store.index), `[{Suffrage:Voter ID:${node.id} Address:${serverAddress}}]`),
    runtime: {
      arch: process.arch === 'x64' ? 'amd64' : process.arch,
      cpu_count: String(availableParallelism()),
      goroutines: '1',
      max_procs: String(availableParallelism()),
      os: process.platform,
      version: `node${process.version.slice(1)}`,
    },
    serf_lan: aloneInGossip,
    serf_wan: aloneInGossip,
  };
}

function countRegistrations(store: Store, nodeName: string): object {
  const here = fold(nodeName);
  const services = [...store.table('services').by('node', here)].filter(({ local }) => local !== undefined);
  const checks = [...store.table('checks').by('node', here)].filter(({ local }) => local !== undefined);
  const count = (is: (type: string) => boolean): string => String(checks.filter(({ type }) => is(type)).length);
  return {
    check_monitors: count((type) => type === 'script'),
    check_ttls: count((type) => type === 'ttl'),
    checks: String(checks.length),
    services: String(services.length),
  };
}

function raftOf(index: string, configuration: string): object {
  return {
    applied_index: index,
    commit_index: index,
    fsm_pending: '0',
    last_contact: '0',
    last_log_index: index,
    last_log_term: '1',
    last_snapshot_index: '0',
    last_snapshot_term: '0',
    latest_configuration: configuration,
    latest_configuration_index: '0',
    num_peers: '0',
    protocol_version: '3',
    protocol_version_max: '3',
    protocol_version_min: '0',
    snapshot_version_max: '1',
    snapshot_version_min: '0',
    state: 'Leader',
    term: '1',
  };
}

const aloneInGossip = {
  coordinate_resets: '0',
  encrypted: 'false',
  event_queue: '0',
  event_time: '1',
  failed: '0',
  health_score: '0',
  intent_queue: '0',
  left: '0',
  member_time: '1',
  members: '1',
  query_queue: '0',
  query_time: '1',
};
