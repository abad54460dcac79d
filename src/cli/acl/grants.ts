/** The flags that say what a token or a role grants. */

import { InputError } from '../../base/index.ts';
import type { Ask } from '../ask.ts';
import { type ListFlag, list } from '../flags.ts';
import { findPolicyId, findRoleId } from './find.ts';
import type { GrantsShown, NodeIdentityShown, ServiceIdentityShown } from './shown.ts';

export interface GrantFlags {
  readonly [name: string]: ListFlag;
  readonly 'node-identity': ListFlag;
  readonly 'policy-id': ListFlag;
  readonly 'policy-name': ListFlag;
  readonly 'service-identity': ListFlag;
}

export const grantFlags: GrantFlags = {
  'node-identity': list('Be this node; may be given several times.', 'node:datacenter', parseNodeIdentity),
  'policy-id': list('A policy, by its ID or the beginning of it; may be given several times.', 'id'),
  'policy-name': list('A policy, by its name; may be given several times.', 'name'),
  'service-identity': list(
    'Be this service; may be given several times.',
    'service[:datacenter,…]',
    parseServiceIdentity,
  ),
};

export interface RoleFlags {
  readonly [name: string]: ListFlag;
  readonly 'role-id': ListFlag;
  readonly 'role-name': ListFlag;
}

export const roleFlags: RoleFlags = {
  'role-id': list('A role, by its ID or the beginning of it; may be given several times.', 'id'),
  'role-name': list('A role, by its name; may be given several times.', 'name'),
};

/** As the API takes them: a policy or role by its ID or by its name. */
export interface GrantsBody {
  readonly Policies?: readonly Partial<Link>[];
  readonly Roles?: readonly Partial<Link>[];
  readonly ServiceIdentities?: readonly ServiceIdentityShown[];
  readonly NodeIdentities?: readonly NodeIdentityShown[];
}

interface Link {
  readonly ID: string;
  readonly Name: string;
}

export interface GivenGrants {
  readonly 'node-identity': readonly string[];
  readonly 'policy-id': readonly string[];
  readonly 'policy-name': readonly string[];
  readonly 'service-identity': readonly string[];
  readonly 'role-id'?: readonly string[];
  readonly 'role-name'?: readonly string[];
}

export function givesNothing(given: GivenGrants): boolean {
  return [
    ...['node-identity', 'policy-id', 'policy-name', 'service-identity', 'role-id', 'role-name'].map(
      (name) => given[name as keyof GivenGrants] ?? [],
    ),
  ].every((values) => values.length === 0);
}

/** Throws CommandFailure for an ID that can't be found. */
export async function grantsFrom(ask: Ask, given: GivenGrants): Promise<Required<GrantsBody>> {
  const policyIds: string[] = [];
  for (const id of given['policy-id'])
    policyIds.push(await findPolicyId(ask, { id }, `Error resolving policy ID ${id}`));
  const roleIds: string[] = [];
  for (const id of given['role-id'] ?? []) roleIds.push(await findRoleId(ask, { id }, `Error resolving role ID ${id}`));
  return {
    Policies: links(given['policy-name'], policyIds),
    Roles: links(given['role-name'] ?? [], roleIds),
    ServiceIdentities: given['service-identity'].map(parseServiceIdentity),
    NodeIdentities: given['node-identity'].map(parseNodeIdentity),
  };
}

/** What is there, and what is new of the rest. */
export function mergeGrants(old: GrantsShown, more: Required<GrantsBody>): Required<GrantsBody> {
  const merge = <T>(had: readonly T[] | null | undefined, added: readonly T[], same: (a: T, b: T) => boolean): T[] => [
    ...(had ?? []),
    ...added.filter((one) => !had?.some((other) => same(one, other))),
  ];
  const sameLink = (a: Partial<Link>, b: Partial<Link>): boolean =>
    a.ID === undefined ? a.Name === b.Name : a.ID === b.ID;
  return {
    Policies: merge<Partial<Link>>(old.Policies, more.Policies, sameLink),
    Roles: merge<Partial<Link>>(old.Roles, more.Roles, sameLink),
    ServiceIdentities: merge(old.ServiceIdentities, more.ServiceIdentities, (a, b) => a.ServiceName === b.ServiceName),
    NodeIdentities: merge(
      old.NodeIdentities,
      more.NodeIdentities,
      (a, b) => a.NodeName === b.NodeName && a.Datacenter === b.Datacenter,
    ),
  };
}

function links(names: readonly string[], ids: readonly string[]): Partial<Link>[] {
  return [...names.map((Name) => ({ Name })), ...ids.map((ID) => ({ ID }))];
}

function parseServiceIdentity(value: string): ServiceIdentityShown {
  const [name = '', datacenters, ...more] = value.split(':');
  if (name === '' || datacenters === '' || more.length > 0)
    throw new InputError('', `Malformed -service-identity argument: ${JSON.stringify(value)}`);
  return { ServiceName: name, ...(datacenters === undefined ? {} : { Datacenters: datacenters.split(',') }) };
}

function parseNodeIdentity(value: string): NodeIdentityShown {
  const [node = '', datacenter = '', ...more] = value.split(':');
  if (node === '' || datacenter === '' || more.length > 0)
    throw new InputError('', `Malformed -node-identity argument: ${JSON.stringify(value)}`);
  return { NodeName: node, Datacenter: datacenter };
}
