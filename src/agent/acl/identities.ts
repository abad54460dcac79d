/** Rules that a token has by being that of a service or a node. Source: Consul, "ACL Roles", service and node identities. */

import type { AclGrants } from '../state/tables.ts';
import type { Access } from './access.ts';
import { noRules, type Rules } from './rules.ts';

const reading: ReadonlyMap<string, Access> = new Map([['', 'read']]);

/** Those that hold in `datacenter`. */
export function rulesOfIdentities({ serviceIdentities, nodeIdentities }: AclGrants, datacenter: string): Rules[] {
  return [
    ...serviceIdentities
      .filter(({ datacenters = [] }) => datacenters.length === 0 || datacenters.includes(datacenter))
      .map(({ serviceName }) => rulesOfService(serviceName)),
    ...nodeIdentities.filter((node) => node.datacenter === datacenter).map(({ nodeName }) => rulesOfNode(nodeName)),
  ];
}

/** To be the service and its sidecar, and to find all others. */
function rulesOfService(name: string): Rules {
  const own = new Map<string, Access>([
    [name, 'write'],
    [`${name}-sidecar-proxy`, 'write'],
  ]);
  return {
    ...noRules,
    named: new Map([
      ['service', { exact: own, prefix: reading }],
      ['node', { exact: new Map(), prefix: reading }],
    ]),
  };
}

/** To register the node, and to see what runs on it. */
function rulesOfNode(name: string): Rules {
  return {
    ...noRules,
    named: new Map([
      ['node', { exact: new Map<string, Access>([[name, 'write']]), prefix: new Map() }],
      ['service', { exact: new Map(), prefix: reading }],
    ]),
  };
}
