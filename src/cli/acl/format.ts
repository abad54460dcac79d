/** What the commands of ACLs print, for people and as JSON, as Consul's do. */

import { InputError } from '../../base/index.ts';
import { type Flag, text, toggle } from '../flags.ts';
import type { GrantsShown, LinkShown, MetaShown, PolicyShown, RoleShown, TokenShown } from './shown.ts';

export interface FormatFlags {
  readonly [name: string]: Flag<unknown>;
  readonly format: Flag<string>;
  readonly meta: Flag<boolean>;
}

export const formatFlags: FormatFlags = {
  format: { ...text('How to print it. Default: pretty.', 'pretty or json'), parse: parseFormat },
  meta: toggle('Show the hash of the content and the indexes too.'),
};

function parseFormat(value: string): string {
  if (value !== 'pretty' && value !== 'json') throw new InputError('', 'expected pretty or json');
  return value;
}

/** Which of the two, from the flags. */
export interface Format {
  readonly format: string | undefined;
  readonly meta: boolean | undefined;
}

export function formatToken(token: TokenShown, { format, meta }: Format): string {
  if (format === 'json') return goJson(tokenAsJson(token));
  return `${tokenLines(token, meta ?? false).join('\n')}\n`;
}

export function formatTokens(tokens: readonly TokenShown[], { format, meta }: Format): string {
  if (format === 'json')
    return goJson(tokens.map((token) => ({ ...tokenAsJson(token), Legacy: token.Legacy ?? false })));
  return tokens.map((token) => `${tokenLines(token, meta ?? false, token.Legacy ?? false).join('\n')}\n`).join('\n');
}

export function formatPolicy(policy: PolicyShown, { format, meta }: Format): string {
  if (format === 'json') return goJson(policyAsJson(policy));
  const head = [`ID:           ${policy.ID}`, `Name:         ${policy.Name}`];
  return [...head, ...policyLines(policy, meta ?? false), 'Rules:', policy.Rules ?? ''].join('\n');
}

export function formatPolicies(policies: readonly PolicyShown[], { format, meta }: Format): string {
  if (format === 'json') return goJson(policies.map(policyAsJson));
  const lines = policies.flatMap((policy) => [
    `${policy.Name}:`,
    ...[`ID:           ${policy.ID}`, ...policyLines(policy, meta ?? false)].map(indent),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

export function formatRole(role: RoleShown, { format, meta }: Format): string {
  if (format === 'json') return goJson(roleAsJson(role));
  const head = [`ID:           ${role.ID}`, `Name:         ${role.Name}`];
  return `${[...head, ...roleLines(role, meta ?? false)].join('\n')}\n`;
}

export function formatRoles(roles: readonly RoleShown[], { format, meta }: Format): string {
  if (format === 'json') return goJson(roles.map(roleAsJson));
  const lines = roles.flatMap((role) => [
    `${role.Name}:`,
    ...[`ID:           ${role.ID}`, ...roleLines(role, meta ?? false)].map(indent),
  ]);
  return lines.map((line) => `${line}\n`).join('');
}

const indent = (line: string): string => `   ${line}`;

function tokenLines(token: TokenShown, meta: boolean, legacy?: boolean): string[] {
  return [
    `AccessorID:       ${token.AccessorID}`,
    ...(token.SecretID === undefined ? [] : [`SecretID:         ${token.SecretID}`]),
    `Description:      ${token.Description}`,
    `Local:            ${token.Local}`,
    `Create Time:      ${formatGoTime(token.CreateTime)}`,
    ...(token.ExpirationTime === undefined ? [] : [`Expiration Time:  ${formatGoTime(token.ExpirationTime)}`]),
    ...(legacy === undefined ? [] : [`Legacy:           ${legacy}`]),
    ...(meta ? metaLines(token).map(([name, value]) => `${name.padEnd(18)}${value}`) : []),
    ...grantLines(token),
  ];
}

function policyLines(policy: PolicyShown, meta: boolean): string[] {
  return [
    `Description:  ${policy.Description}`,
    `Datacenters:  ${(policy.Datacenters ?? []).join(', ')}`,
    ...(meta ? metaLines(policy).map(([name, value]) => `${name.padEnd(14)}${value}`) : []),
  ];
}

function roleLines(role: RoleShown, meta: boolean): string[] {
  return [
    `Description:  ${role.Description}`,
    ...(meta ? metaLines(role).map(([name, value]) => `${name.padEnd(14)}${value}`) : []),
    ...grantLines(role),
  ];
}

function metaLines({ Hash, CreateIndex, ModifyIndex }: MetaShown): [string, string][] {
  return [
    ['Hash:', Buffer.from(Hash, 'base64').toString('hex')],
    ['Create Index:', String(CreateIndex)],
    ['Modify Index:', String(ModifyIndex)],
  ];
}

function grantLines({ Policies, Roles, ServiceIdentities, NodeIdentities }: GrantsShown): string[] {
  const under = (title: string, lines: readonly string[] = []): string[] =>
    lines.length === 0 ? [] : [title, ...lines.map(indent)];
  const link = ({ ID, Name }: LinkShown): string => `${ID} - ${Name}`;
  return [
    ...under('Policies:', Policies?.map(link)),
    ...under('Roles:', Roles?.map(link)),
    ...under(
      'Service Identities:',
      ServiceIdentities?.map(({ ServiceName, Datacenters = [] }) => {
        const where = Datacenters.length === 0 ? 'all' : Datacenters.join(', ');
        return `${ServiceName} (Datacenters: ${where})`;
      }),
    ),
    ...under(
      'Node Identities:',
      NodeIdentities?.map(({ NodeName, Datacenter }) => `${NodeName} (Datacenter: ${Datacenter})`),
    ),
  ];
}

/** In the order of Consul's own, without what is not set. */
function tokenAsJson(token: TokenShown): object {
  return {
    CreateIndex: token.CreateIndex,
    ModifyIndex: token.ModifyIndex,
    AccessorID: token.AccessorID,
    SecretID: token.SecretID,
    Description: token.Description,
    ...grantsAsJson(token),
    Local: token.Local,
    ExpirationTime: token.ExpirationTime,
    CreateTime: token.CreateTime,
    Hash: token.Hash,
  };
}

function policyAsJson(policy: PolicyShown): object {
  const { ID, Name, Description, Rules, Datacenters = null, Hash, CreateIndex, ModifyIndex } = policy;
  return { ID, Name, Description, Rules, Datacenters, Hash, CreateIndex, ModifyIndex };
}

function roleAsJson(role: RoleShown): object {
  const { ID, Name, Description, Hash, CreateIndex, ModifyIndex } = role;
  return { ID, Name, Description, ...grantsAsJson(role), Hash, CreateIndex, ModifyIndex };
}

function grantsAsJson({ Policies, Roles, ServiceIdentities, NodeIdentities }: GrantsShown): object {
  const lists = Object.entries({ Policies, Roles, ServiceIdentities, NodeIdentities });
  return Object.fromEntries(lists.filter(([, list]) => list && list.length > 0));
}

function goJson(value: unknown): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, 4).replace(/[<>&\u2028\u2029]/g, escaped);
}

/** `2026-11-24 09:05:28.806484148 +0000 UTC`. Source: Go, Time.String. */
function formatGoTime(rfc3339: string): string {
  const [, date, time, fraction = '', zone = ''] = /^([\d-]+)T([\d:]+)(\.\d+)?(.*)$/.exec(rfc3339) ?? [];
  if (date === undefined) return rfc3339;
  const offset = zone === 'Z' ? '+0000 UTC' : `${zone.replace(':', '')} ${zone.replace(':', '')}`;
  return `${date} ${time}${fraction.replace(/\.?0+$/, '')} ${offset}`;
}
