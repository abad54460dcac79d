/** Tokens, policies and roles in the spelling of the HTTP API, both ways. */

import { createHash } from 'node:crypto';
import { duration, flag, list, type Shape, struct, text } from '../../http/index.ts';
import type { PolicyDraft } from '../acl/edit-policy.ts';
import type { RoleDraft } from '../acl/edit-role.ts';
import type { TokenDraft } from '../acl/edit-token.ts';
import type { GrantsDraft, Link } from '../acl/grants.ts';
import type { TableReader } from '../registry/node-rows.ts';
import type { AclGrants, AclPolicyRow, Indexed, Row } from '../state/tables.ts';
import { nonZero } from './go-values.ts';

/** With the secret, or what stands for it where the asker may not see it. */
export function wireToken(tables: TableReader, row: Row<'aclTokens'>, secret: string): object {
  const { AccessorID, ...rest } = wireTokenEntry(tables, row);
  return { AccessorID, SecretID: secret, ...rest };
}

/** As lists show it: without the secret. */
export function wireTokenEntry(tables: TableReader, row: Row<'aclTokens'>): { readonly AccessorID: string } {
  const { policies, roles, ...identities } = wireGrants(tables, row, row.roles);
  return {
    AccessorID: row.accessorId,
    Description: row.description,
    ...nonZero({ Policies: policies, Roles: roles, ...identities }),
    Local: row.local,
    ...nonZero({ ExpirationTime: row.expirationTime }),
    CreateTime: row.createTime,
    Hash: hashOf([row.description, row.local, row.roles, ...grantsOf(row)]),
    ...indexesOf(row),
  } as { readonly AccessorID: string };
}

export function wirePolicy(row: Row<'aclPolicies'>): object {
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    Rules: row.rules,
    ...nonZero({ Datacenters: row.datacenters }),
    Hash: hashOfPolicy(row),
    ...indexesOf(row),
  };
}

/** As lists show it: without the rules. */
export function wirePolicyEntry(row: Row<'aclPolicies'>): object {
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    Datacenters: row.datacenters ?? null,
    Hash: hashOfPolicy(row),
    ...indexesOf(row),
  };
}

export function wireRole(tables: TableReader, row: Row<'aclRoles'>): object {
  const { policies, roles: _, ...identities } = wireGrants(tables, row, []);
  return {
    ID: row.id,
    Name: row.name,
    Description: row.description,
    ...nonZero({ Policies: policies, ...identities }),
    Hash: hashOf([row.name, row.description, ...grantsOf(row)]),
    ...indexesOf(row),
  };
}

interface WireLink {
  readonly ID: string;
  readonly Name: string;
}

interface WireGrants {
  readonly policies: readonly WireLink[];
  readonly roles: readonly WireLink[];
  readonly ServiceIdentities: readonly object[];
  readonly NodeIdentities: readonly object[];
}

/** What is gone is not shown; of the rest, the names of now. */
function wireGrants(tables: TableReader, grants: AclGrants, roles: readonly string[]): WireGrants {
  const links = (table: 'aclPolicies' | 'aclRoles', ids: readonly string[]): WireLink[] =>
    ids.flatMap((id) => tables.table(table).get(id) ?? []).map(({ id, name }) => ({ ID: id, Name: name }));
  return {
    policies: links('aclPolicies', grants.policies),
    roles: links('aclRoles', roles),
    ServiceIdentities: grants.serviceIdentities.map(({ serviceName, datacenters }) => ({
      ServiceName: serviceName,
      ...nonZero({ Datacenters: datacenters }),
    })),
    NodeIdentities: grants.nodeIdentities.map(({ nodeName, datacenter }) => ({
      NodeName: nodeName,
      Datacenter: datacenter,
    })),
  };
}

function indexesOf({ createIndex, modifyIndex }: Indexed): object {
  return { CreateIndex: createIndex, ModifyIndex: modifyIndex };
}

function grantsOf({ policies, serviceIdentities, nodeIdentities }: AclGrants): unknown[] {
  return [policies, serviceIdentities, nodeIdentities];
}

function hashOfPolicy({ name, description, rules, datacenters = [] }: AclPolicyRow): string {
  return hashOf([name, description, rules, datacenters]);
}

/** Of what a person wrote, so that equal content has an equal hash. */
function hashOf(content: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

interface LinkBody {
  readonly ID?: string;
  readonly Name?: string;
}

const link: Shape<LinkBody> = struct<LinkBody>({ ID: text, Name: text }, { type: 'structs.ACLLink' });

interface GrantsBody {
  readonly Policies?: readonly LinkBody[];
  readonly ServiceIdentities?: readonly { readonly ServiceName?: string; readonly Datacenters?: readonly string[] }[];
  readonly NodeIdentities?: readonly { readonly NodeName?: string; readonly Datacenter?: string }[];
}

const grantsShape = {
  Policies: list(link),
  ServiceIdentities: list(
    struct<{ ServiceName?: string; Datacenters?: readonly string[] }>(
      { ServiceName: text, Datacenters: list(text) },
      { type: 'structs.ACLServiceIdentity' },
    ),
  ),
  NodeIdentities: list(
    struct<{ NodeName?: string; Datacenter?: string }>(
      { NodeName: text, Datacenter: text },
      { type: 'structs.ACLNodeIdentity' },
    ),
  ),
};

/** Clients send back what they were shown. */
const shownOnly = ['Hash', 'CreateIndex', 'ModifyIndex', 'Namespace', 'Partition'];

export interface TokenBody extends GrantsBody {
  readonly AccessorID?: string;
  readonly SecretID?: string;
  readonly Description?: string;
  readonly Roles?: readonly LinkBody[];
  readonly Local?: boolean;
  readonly ExpirationTTL?: number;
  readonly ExpirationTime?: string;
  readonly AuthMethod?: string;
  readonly Rules?: string;
}

export const tokenBody: Shape<TokenBody> = struct<TokenBody>(
  {
    AccessorID: text,
    SecretID: text,
    Description: text,
    Roles: list(link),
    Local: flag,
    ExpirationTTL: duration,
    ExpirationTime: text,
    AuthMethod: text,
    Rules: text,
    ...grantsShape,
  },
  { ignored: ['CreateTime', 'AuthMethodNamespace', 'Legacy', ...shownOnly] },
);

export function tokenDraft(body: TokenBody): TokenDraft {
  const { ExpirationTime: end = '', ExpirationTTL: ttl } = body;
  return {
    accessorId: body.AccessorID ?? '',
    secretId: body.SecretID ?? '',
    description: body.Description ?? '',
    roles: linksOf(body.Roles),
    local: body.Local ?? false,
    expirationTtl: ttl === 0 ? undefined : ttl,
    expirationTime: end === '' || end.startsWith('0001-01-01T00:00:00') ? undefined : end,
    ...grantsDraft(body),
  };
}

export interface PolicyBody {
  readonly ID?: string;
  readonly Name?: string;
  readonly Description?: string;
  readonly Rules?: string;
  readonly Datacenters?: readonly string[];
}

export const policyBody: Shape<PolicyBody> = struct<PolicyBody>(
  { ID: text, Name: text, Description: text, Rules: text, Datacenters: list(text) },
  { ignored: shownOnly },
);

export function policyDraft(body: PolicyBody): PolicyDraft {
  return {
    name: body.Name ?? '',
    description: body.Description ?? '',
    rules: body.Rules ?? '',
    datacenters: body.Datacenters ?? [],
  };
}

export interface RoleBody extends GrantsBody {
  readonly ID?: string;
  readonly Name?: string;
  readonly Description?: string;
}

export const roleBody: Shape<RoleBody> = struct<RoleBody>(
  { ID: text, Name: text, Description: text, ...grantsShape },
  { ignored: shownOnly },
);

export function roleDraft(body: RoleBody): RoleDraft {
  return { name: body.Name ?? '', description: body.Description ?? '', ...grantsDraft(body) };
}

export interface AgentTokenBody {
  readonly Token?: string;
}

export const agentTokenBody: Shape<AgentTokenBody> = struct<AgentTokenBody>({ Token: text });

function grantsDraft({ Policies, ServiceIdentities = [], NodeIdentities = [] }: GrantsBody): GrantsDraft {
  return {
    policies: linksOf(Policies),
    serviceIdentities: ServiceIdentities.map((one) => ({
      serviceName: one.ServiceName ?? '',
      datacenters: one.Datacenters ?? [],
    })),
    nodeIdentities: NodeIdentities.map((one) => ({ nodeName: one.NodeName ?? '', datacenter: one.Datacenter ?? '' })),
  };
}

function linksOf(links: readonly LinkBody[] = []): Link[] {
  return links.map(({ ID: id = '', Name: name = '' }) => ({ id, name }));
}
