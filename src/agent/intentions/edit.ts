/**
 * What each write makes of a destination's row: from the old row and what is asked to the new row, or undefined when none is left.
 *
 * Two ways lead to a row. The intention endpoints give each source an ID and times; a config entry replaces the row whole and knows no IDs.
 * Where a source has none, the endpoints that work by ID refuse to add to the row. Refusals are 500s with Consul's words.
 */

import { HttpError } from '../../http/index.ts';
import type { IntentionSource, IntentionsRow } from '../state/tables.ts';
import { fold } from '../state/tables.ts';
import { type IntentionDraft, problemsOf, sourceFrom } from './draft.ts';
import { isNamed, type ServiceName } from './view.ts';

export interface Stamp {
  /** A UUID. */
  readonly id: string;
  /** RFC 3339. */
  readonly now: string;
}

export function createIntention(row: IntentionsRow | undefined, draft: IntentionDraft, stamp: Stamp): IntentionsRow {
  refuseProblems(draft);
  refuseWithoutIds(row);
  const source: IntentionSource = {
    ...sourceFrom(draft),
    legacyId: stamp.id,
    legacyCreatedAt: stamp.now,
    legacyUpdatedAt: stamp.now,
  };
  return withSources(row ?? rowOf(draft.destination), [...(row?.sources ?? []), source]);
}

/** Replaces the intention with this ID whole, and keeps ID and time of creation. Another source is fine, another destination is not. */
export function updateIntention(row: IntentionsRow, id: string, draft: IntentionDraft, now: string): IntentionsRow {
  refuseWithoutIds(row);
  refuseProblems(draft);
  if (fold(draft.destination.name) !== fold(row.destination))
    throw new HttpError(500, 'The destination of an intention cannot be changed: delete it and create another');
  return withSources(
    row,
    row.sources.map((old) => (old.legacyId === id ? { ...sourceFrom(draft), ...birthOf(old, now) } : old)),
  );
}

export function deleteIntention(row: IntentionsRow, id: string): IntentionsRow | undefined {
  refuseWithoutIds(row);
  return without(row, (source) => source.legacyId === id);
}

/** Creates or replaces the intention with these names. A new one has no ID; one that has an ID keeps it. */
export function putExactIntention(row: IntentionsRow | undefined, draft: IntentionDraft, now: string): IntentionsRow {
  refuseProblems(draft);
  const old = row?.sources.find((source) => isNamed(source, draft.source));
  const source: IntentionSource = { ...sourceFrom(draft), ...(old && birthOf(old, now)) };
  const sources = row?.sources ?? [];
  return withSources(
    row ?? rowOf(draft.destination),
    old === undefined ? [...sources, source] : sources.map((other) => (other === old ? source : other)),
  );
}

export function deleteExactIntention(row: IntentionsRow, source: ServiceName): IntentionsRow | undefined {
  return without(row, (other) => isNamed(other, source));
}

/** The row of a config entry, which stands for all that was there. */
export function replaceIntentions(
  destination: ServiceName,
  drafts: readonly IntentionDraft[],
  meta: Readonly<Record<string, string>> | undefined,
): IntentionsRow {
  if (drafts.length === 0) throw new HttpError(500, 'At least one source is required');
  const row: IntentionsRow = { ...rowOf(destination), ...(meta && Object.keys(meta).length > 0 ? { meta } : {}) };
  return withSources(row, drafts.map(sourceFrom));
}

function rowOf({ name, namespace }: ServiceName): IntentionsRow {
  return { destination: name, namespace, sources: [] };
}

/** By precedence, and each source once. */
function withSources(row: IntentionsRow, sources: readonly IntentionSource[]): IntentionsRow {
  const sorted = sources.toSorted((a, b) => b.precedence - a.precedence);
  const seen = new Set<string>();
  for (const [at, source] of sorted.entries()) {
    const key = fold(JSON.stringify([source.namespace ?? 'default', source.name, source.unknown ?? {}]));
    if (seen.has(key)) throw new HttpError(500, `Sources[${at}] defines ${JSON.stringify(source.name)} more than once`);
    seen.add(key);
  }
  return { ...row, sources: sorted };
}

function without(row: IntentionsRow, isGone: (source: IntentionSource) => boolean): IntentionsRow | undefined {
  const sources = row.sources.filter((source) => !isGone(source));
  return sources.length === 0 ? undefined : { ...row, sources };
}

function birthOf(old: IntentionSource, now: string): Partial<IntentionSource> {
  if (old.legacyId === undefined) return {};
  return {
    legacyId: old.legacyId,
    ...(old.legacyCreatedAt === undefined ? {} : { legacyCreatedAt: old.legacyCreatedAt }),
    legacyUpdatedAt: now,
  };
}

function refuseProblems(draft: IntentionDraft): void {
  const problems = problemsOf(draft);
  if (problems.length === 0) return;
  const count = problems.length === 1 ? '1 error' : `${problems.length} errors`;
  const lines = problems.map((problem) => `\t* ${problem}\n`).join('');
  throw new HttpError(500, `${count} occurred:\n${lines}\n`);
}

function refuseWithoutIds(row: IntentionsRow | undefined): void {
  if (row === undefined || row.sources.every((source) => source.legacyId !== undefined)) return;
  throw new HttpError(
    500,
    `cannot use legacy intention API to edit intentions with a destination of ${JSON.stringify(row.destination)} after editing them via a service-intentions config entry`,
  );
}
