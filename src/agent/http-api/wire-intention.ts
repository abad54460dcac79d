/** Intentions in the spelling of the HTTP API, both ways. */

import { createHash } from 'node:crypto';
import type { Intention } from '../../api/index.ts';
import { anything, flag, list, map, type Shape, struct, text } from '../../http/index.ts';
import type { IntentionDraft } from '../intentions/draft.ts';
import type { HeaderMatch, HttpMatch, Permission } from '../intentions/permissions.ts';
import { namesOf, type ServiceName, type StoredIntention } from '../intentions/view.ts';

/** Members that are not set stay out, as clients from 1.9 on expect. */
export function wireIntention(stored: StoredIntention): Intention {
  const { row, source } = stored;
  const names = namesOf(stored);
  const { Peer: peer, Partition: partition, SamenessGroup: group } = source.unknown ?? {};
  return {
    ...(source.legacyCreatedAt === undefined ? {} : { CreatedAt: source.legacyCreatedAt }),
    ...(source.legacyUpdatedAt === undefined ? {} : { UpdatedAt: source.legacyUpdatedAt }),
    ...(source.legacyId === undefined ? {} : { ID: source.legacyId }),
    ...(source.description === undefined ? {} : { Description: source.description }),
    SourceNS: names.sourceNamespace,
    SourceName: source.name,
    ...(partition === undefined ? {} : { SourcePartition: partition as string }),
    ...(peer === undefined ? {} : { SourcePeer: peer as string }),
    ...(group === undefined ? {} : { SourceSamenessGroup: group as string }),
    DestinationNS: row.namespace,
    DestinationName: row.destination,
    SourceType: source.type,
    ...(source.action === undefined ? {} : { Action: source.action }),
    ...(source.permissions === undefined ? {} : { Permissions: source.permissions }),
    ...(source.legacyMeta === undefined ? {} : { Meta: source.legacyMeta }),
    Precedence: source.precedence,
    ...(source.legacyId === undefined ? {} : { Hash: hashOf(stored) }),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

/** Of what a person wrote, so that two agents agree on whether an intention is the same. */
function hashOf({ row, source }: StoredIntention): string {
  const meta = Object.entries(source.legacyMeta ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  const content = [
    source.legacyId,
    source.description ?? '',
    source.namespace ?? 'default',
    source.name,
    row.namespace,
    row.destination,
    source.type,
    source.action ?? '',
    meta,
  ];
  return createHash('sha256').update(JSON.stringify(content)).digest('base64');
}

export interface IntentionBody {
  readonly ID?: string;
  readonly Description?: string;
  readonly SourceNS?: string;
  readonly SourceName?: string;
  readonly SourcePartition?: string;
  readonly SourcePeer?: string;
  readonly SourceSamenessGroup?: string;
  readonly DestinationNS?: string;
  readonly DestinationName?: string;
  readonly DestinationPartition?: string;
  readonly SourceType?: string;
  readonly Action?: string;
  readonly Permissions?: readonly object[];
  readonly Meta?: Readonly<Record<string, string>>;
}

const header: Shape<HeaderMatch> = struct<HeaderMatch>(
  {
    Name: text,
    Present: flag,
    Exact: text,
    Prefix: text,
    Suffix: text,
    Contains: text,
    Regex: text,
    IgnoreCase: flag,
    Invert: flag,
  },
  { type: 'structs.IntentionHTTPHeaderPermission', aliases: { ignore_case: 'IgnoreCase' } },
);

const http: Shape<HttpMatch> = struct<HttpMatch>(
  { PathExact: text, PathPrefix: text, PathRegex: text, Header: list(header), Methods: list(text) },
  {
    type: 'structs.IntentionHTTPPermission',
    aliases: { path_exact: 'PathExact', path_prefix: 'PathPrefix', path_regex: 'PathRegex' },
  },
);

/** In either spelling of its keys; what comes out is in CamelCase. */
export const permission: Shape<Permission> = struct<Permission>(
  { Action: text, HTTP: http, JWT: anything },
  { type: 'structs.IntentionPermission' },
);

/** Clients send every field of their version, also those that only answers use. */
export const intentionBody: Shape<IntentionBody> = struct<IntentionBody>(
  {
    ID: text,
    Description: text,
    SourceNS: text,
    SourceName: text,
    SourcePartition: text,
    SourcePeer: text,
    SourceSamenessGroup: text,
    DestinationNS: text,
    DestinationName: text,
    DestinationPartition: text,
    SourceType: text,
    Action: text,
    Permissions: list(permission),
    Meta: map(text, ''),
  },
  {
    type: 'structs.Intention',
    ignored: [
      'DefaultAddr',
      'DefaultPort',
      'Precedence',
      'CreatedAt',
      'UpdatedAt',
      'Hash',
      'CreateIndex',
      'ModifyIndex',
    ],
  },
);

/** The intention that a body describes, between the names in it or those given. */
export function draftOf(body: IntentionBody, source?: ServiceName, destination?: ServiceName): IntentionDraft {
  return {
    source: source ?? { namespace: body.SourceNS || 'default', name: body.SourceName ?? '' },
    destination: destination ?? { namespace: body.DestinationNS || 'default', name: body.DestinationName ?? '' },
    sourceType: body.SourceType ?? '',
    action: body.Action ?? '',
    permissions: body.Permissions ?? [],
    description: body.Description ?? '',
    meta: body.Meta ?? {},
    unknown: unknownOf(body.SourcePeer, body.SourcePartition, body.SourceSamenessGroup),
  };
}

/** What names a source of another kind; our own cluster and partition are no such thing. */
export function unknownOf(peer: string = '', partition: string = '', group: string = ''): Record<string, string> {
  return {
    ...(peer === '' || peer === 'local' ? {} : { Peer: peer }),
    ...(partition === '' || partition === 'default' ? {} : { Partition: partition }),
    ...(group === '' ? {} : { SamenessGroup: group }),
  };
}
