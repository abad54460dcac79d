/** What a request wants a token or role to grant, checked and resolved to what is stored. */

import { InputError } from '../../base/index.ts';
import type { Transaction } from '../state/store.ts';
import { type AclGrants, fold } from '../state/tables.ts';
import { problemOfId } from './ids.ts';

/** A policy or role by either; the ID wins. */
export interface Link {
  readonly id: string;
  readonly name: string;
}

export interface GrantsDraft {
  readonly policies: readonly Link[];
  readonly serviceIdentities: readonly { readonly serviceName: string; readonly datacenters: readonly string[] }[];
  readonly nodeIdentities: readonly { readonly nodeName: string; readonly datacenter: string }[];
}

type Linked = 'policy' | 'role';
const tableOf = { policy: 'aclPolicies', role: 'aclRoles' } as const;

/** Duplicates become one. Throws an InputError. `holder` is for errors. */
export function resolveGrants(tx: Transaction, draft: GrantsDraft, holder: 'token' | 'role'): AclGrants {
  return {
    policies: resolveLinks(tx, 'policy', draft.policies),
    serviceIdentities: mergeServices(draft.serviceIdentities, holder),
    nodeIdentities: mergeNodes(draft.nodeIdentities, holder),
  };
}

/** IDs of what the links name. Throws an InputError. */
export function resolveLinks(tx: Transaction, kind: Linked, links: readonly Link[]): string[] {
  return [...new Set(links.map((link) => resolveLink(tx, kind, link)))];
}

function resolveLink(tx: Transaction, kind: Linked, { id, name }: Link): string {
  const table = tx.table(tableOf[kind]);
  if (id === '') {
    const [named] = table.by('name', fold(name));
    if (named === undefined) throw new InputError('', `No such ACL ${kind} with name ${JSON.stringify(name)}`);
    return named.id;
  }
  const problem = problemOfId(id);
  if (problem !== undefined) {
    const lookup = `Error looking up ${kind} for id ${JSON.stringify(id)}`;
    throw new InputError('', `${lookup}: failed acl ${kind} lookup: ${problem}`);
  }
  if (table.get(id.toLowerCase()) === undefined)
    throw new InputError('', `No such ACL ${kind} with ID ${JSON.stringify(id)}`);
  return id.toLowerCase();
}

/** Of two for one service, one that holds everywhere wins; otherwise both places count. */
function mergeServices(
  identities: GrantsDraft['serviceIdentities'],
  holder: 'token' | 'role',
): AclGrants['serviceIdentities'] {
  const merged = new Map<string, readonly string[]>();
  for (const { serviceName, datacenters } of identities) {
    if (serviceName === '')
      throw new InputError('', `Service identity is missing the service name field on this ${holder}`);
    refuseBadName('Service', serviceName);
    const known = merged.get(serviceName);
    const isEverywhere = datacenters.length === 0 || known?.length === 0;
    merged.set(serviceName, isEverywhere ? [] : [...new Set([...(known ?? []), ...datacenters])]);
  }
  return [...merged].map(([serviceName, datacenters]) => ({
    serviceName,
    ...(datacenters.length === 0 ? {} : { datacenters }),
  }));
}

function mergeNodes(identities: GrantsDraft['nodeIdentities'], holder: 'token' | 'role'): AclGrants['nodeIdentities'] {
  const merged = new Map<string, { nodeName: string; datacenter: string }>();
  for (const { nodeName, datacenter } of identities) {
    if (nodeName === '') throw new InputError('', `Node identity is missing the node name field on this ${holder}`);
    if (datacenter === '') throw new InputError('', `Node identity is missing the datacenter field on this ${holder}`);
    refuseBadName('Node', nodeName);
    merged.set(`${nodeName}\0${datacenter}`, { nodeName, datacenter });
  }
  return [...merged.values()];
}

function refuseBadName(kind: 'Service' | 'Node', name: string): void {
  if (name.length <= 256 && /^[a-z0-9]([a-z0-9_-]*[a-z0-9])?$/.test(name)) return;
  const shown = kind === 'Service' ? `Service identity ${JSON.stringify(name)}` : 'Node identity';
  throw new InputError('', `${shown} has an invalid name. Only alphanumeric characters, '-' and '_' are allowed`);
}
