/** What the catalog says about this agent itself: its node, the service `consul` and the check `serfHealth`. */

import type { CheckRow, NodeRow, ServiceRow } from '../state/tables.ts';

export const ownServiceId = 'consul';
export const ownCheckId = 'serfHealth';

export interface OwnNode {
  readonly id: string;
  readonly name: string;
  /** An IP address. */
  readonly address: string;
  readonly datacenter: string;
  readonly meta: Readonly<Record<string, string>>;
  /** Version of Consul whose API is spoken. */
  readonly version: string;
  /** Where a Consul server's own protocol would be; shown, never opened. */
  readonly serverPort: number;
}

export function ownNodeRow({ id, name, address, datacenter, meta }: OwnNode): NodeRow {
  const family = address.includes(':') ? 'ipv6' : 'ipv4';
  return {
    id,
    node: name,
    address,
    datacenter,
    taggedAddresses: { lan: address, [`lan_${family}`]: address, wan: address, [`wan_${family}`]: address },
    meta: { 'consul-network-segment': '', ...meta },
  };
}

export function ownServiceRow({ name, version, serverPort }: OwnNode): ServiceRow {
  return {
    node: name,
    id: ownServiceId,
    kind: '',
    name: ownServiceId,
    tags: [],
    meta: {
      non_voter: 'false',
      raft_version: '3',
      read_replica: 'false',
      serf_protocol_current: '2',
      serf_protocol_max: '5',
      serf_protocol_min: '1',
      version,
    },
    address: '',
    port: serverPort,
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    isNative: false,
  };
}

export function ownCheckRow({ name }: OwnNode): CheckRow {
  return {
    node: name,
    checkId: ownCheckId,
    name: 'Serf Health Status',
    status: 'passing',
    notes: '',
    output: 'Agent alive and reachable',
    serviceId: '',
    serviceName: '',
    serviceTags: [],
    type: '',
  };
}
