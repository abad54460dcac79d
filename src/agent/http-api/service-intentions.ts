/** The config entry `service-intentions`: all intentions of one destination at once, and the other view of what the intention endpoints keep. */

import { anything, decodeBody, HttpError, list, map, type Shape, struct, text } from '../../http/index.ts';
import { type IntentionDraft, problemsOf } from '../intentions/draft.ts';
import { replaceIntentions } from '../intentions/edit.ts';
import { writeRow } from '../intentions/write.ts';
import type { Transaction } from '../state/store.ts';
import { type IntentionSource, type IntentionsRow, keyOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { badBody, type ConfigKind } from './config-routes.ts';
import { permission, unknownOf } from './wire-intention.ts';

interface SourceBody {
  readonly Name?: string;
  readonly Namespace?: string;
  readonly Partition?: string;
  readonly Peer?: string;
  readonly SamenessGroup?: string;
  readonly Type?: string;
  readonly Action?: string;
  readonly Permissions?: readonly object[];
  readonly Description?: string;
  readonly LegacyMeta?: Readonly<Record<string, string>>;
}

const source: Shape<SourceBody> = struct<SourceBody>(
  {
    Name: text,
    Namespace: text,
    Partition: text,
    Peer: text,
    SamenessGroup: text,
    Type: text,
    Action: text,
    Permissions: list(permission),
    Description: text,
    LegacyMeta: map(text, ''),
  },
  {
    type: 'structs.SourceIntention',
    aliases: { sameness_group: 'SamenessGroup', legacy_meta: 'LegacyMeta' },
    ignored: [
      'Precedence',
      ...['LegacyID', 'LegacyCreateTime', 'LegacyUpdateTime'],
      ...['legacy_id', 'legacy_create_time', 'legacy_update_time'],
    ],
  },
);

interface EntryBody {
  readonly Name?: string;
  readonly Namespace?: string;
  readonly Partition?: string;
  readonly Sources?: readonly SourceBody[];
  readonly Meta?: Readonly<Record<string, string>>;
  readonly JWT?: unknown;
}

const entry: Shape<EntryBody> = struct<EntryBody>(
  {
    Name: text,
    Namespace: text,
    Partition: text,
    Sources: list(source),
    Meta: map(text, ''),
    JWT: anything,
  },
  {
    type: 'structs.ServiceIntentionsConfigEntry',
    ignored: ['Kind', 'Hash', 'CreateIndex', 'ModifyIndex', 'create_index', 'modify_index'],
  },
);

export const serviceIntentions: ConfigKind = {
  kind: 'service-intentions',
  read: (body) => {
    const read = decodeBody(body, entry, badBody);
    const name = read.Name ?? '';
    if (name === '') throw new HttpError(500, 'Name is required');
    const row = rowFrom(name, read);
    return { name, apply: (tx) => writeRow(tx, storedRow(tx, name), row) };
  },
  right: 'intentions',
  mayRead: (authorizer, name) => authorizer.mayReadIntentions(name),
  mayWrite: (authorizer, name) => authorizer.mayWriteIntentions(name),
  list: (context) =>
    [...context.store.table('intentions').values()]
      .sort((a, b) => (a.destination < b.destination ? -1 : 1))
      .map((row) => ({ name: row.destination, shown: wireEntry(row) })),
  find: (context, name) => {
    const row = context.store.table('intentions').get(keyOf.intentions({ destination: name }));
    return row && wireEntry(row);
  },
  topicOfAll: topic.intentions,
  topicOf: topic.intentionsTo,
  rowOf: storedRow,
  remove: (tx, name) => writeRow(tx, storedRow(tx, name), undefined),
};

function storedRow(tx: Transaction, name: string): Row<'intentions'> | undefined {
  return tx.table('intentions').get(keyOf.intentions({ destination: name }));
}

function rowFrom(name: string, body: EntryBody): IntentionsRow {
  const { Namespace: namespace = '', Partition: partition = '', Sources: sources = [], Meta: meta, JWT: jwt } = body;
  if (jwt !== undefined) throw new HttpError(500, 'JWT: this agent does not check tokens of requests');
  if (partition !== '' && partition !== 'default') throw new HttpError(500, 'Partition: there is "default" only');
  const destination = { namespace: namespace || 'default', name };
  const drafts = sources.map((one, at) => draftFrom(destination, one, at));
  return replaceIntentions(destination, drafts, meta);
}

function draftFrom(destination: IntentionDraft['destination'], body: SourceBody, at: number): IntentionDraft {
  const place = `Sources[${at}]`;
  if (Object.keys(body.LegacyMeta ?? {}).length > 0)
    throw new HttpError(500, `${place}.LegacyMeta must be omitted: a config entry does not keep it`);
  const draft: IntentionDraft = {
    source: { namespace: body.Namespace || destination.namespace, name: body.Name ?? '' },
    destination,
    sourceType: body.Type ?? '',
    action: body.Action ?? '',
    permissions: body.Permissions ?? [],
    description: body.Description ?? '',
    meta: {},
    unknown: unknownOf(body.Peer, body.Partition, body.SamenessGroup),
  };
  const [problem] = problemsOf(draft);
  if (problem !== undefined) throw new HttpError(500, `${place}.${problem.replace(/^Source(?=Name|NS|Type)/, '')}`);
  return draft;
}

function wireEntry(row: Row<'intentions'>): object {
  return {
    Kind: 'service-intentions',
    Name: row.destination,
    Sources: row.sources.map(wireSource),
    ...(row.meta === undefined ? {} : { Meta: row.meta }),
    CreateIndex: row.createIndex,
    ModifyIndex: row.modifyIndex,
  };
}

function wireSource(one: IntentionSource): object {
  return {
    Name: one.name,
    ...(one.namespace === undefined ? {} : { Namespace: one.namespace }),
    ...one.unknown,
    ...(one.action === undefined ? {} : { Action: one.action }),
    ...(one.permissions === undefined ? {} : { Permissions: one.permissions }),
    Precedence: one.precedence,
    ...(one.legacyId === undefined ? {} : { LegacyID: one.legacyId }),
    Type: one.type,
    ...(one.description === undefined ? {} : { Description: one.description }),
    ...(one.legacyMeta === undefined ? {} : { LegacyMeta: one.legacyMeta }),
    ...(one.legacyCreatedAt === undefined ? {} : { LegacyCreateTime: one.legacyCreatedAt }),
    ...(one.legacyUpdatedAt === undefined ? {} : { LegacyUpdateTime: one.legacyUpdatedAt }),
  };
}
