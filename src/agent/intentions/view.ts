/** Rows hold all sources of one destination; here each source is seen as an intention of its own. */

import { compareIntentions, type Names } from '../../intentions/index.ts';
import type { ReadonlyTable } from '../state/store.ts';
import { fold, type IntentionSource, keyOf, type Row } from '../state/tables.ts';

export type IntentionTable = ReadonlyTable<Row<'intentions'>>;

export interface StoredIntention {
  readonly row: Row<'intentions'>;
  readonly source: IntentionSource;
}

/** A service as a request names it. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

export function namesOf({ row, source }: StoredIntention): Names & { readonly precedence: number } {
  return {
    sourceNamespace: source.namespace ?? 'default',
    source: source.name,
    destinationNamespace: row.namespace,
    destination: row.destination,
    precedence: source.precedence,
  };
}

export function listIntentions(table: IntentionTable): StoredIntention[] {
  return sorted([...table.values()].flatMap(ofRow));
}

/** Those that could decide about connections to `destination`. Names of destinations are looked up in any case. */
export function intentionsTo(table: IntentionTable, destination: ServiceName): StoredIntention[] {
  return sorted(rowsFor(table, destination).flatMap(ofRow));
}

/** Those that could decide about connections from `source`. */
export function intentionsFrom(table: IntentionTable, source: ServiceName): StoredIntention[] {
  const names = new Set([fold(source.name), '*']);
  const namespaces = new Set([fold(source.namespace), '*']);
  const found = [...table.values()].flatMap(ofRow).filter(({ source: { name, namespace = 'default' } }) => {
    return names.has(fold(name)) && namespaces.has(fold(namespace));
  });
  return sorted(found);
}

export function findById(table: IntentionTable, id: string): StoredIntention | undefined {
  for (const row of table.values()) {
    const source = row.sources.find((one) => one.legacyId === id);
    if (source !== undefined) return { row, source };
  }
  return undefined;
}

export function findByNames(
  table: IntentionTable,
  source: ServiceName,
  destination: ServiceName,
): StoredIntention | undefined {
  const row = table.get(keyOf.intentions({ destination: destination.name }));
  if (row === undefined || fold(row.namespace) !== fold(destination.namespace)) return undefined;
  const found = row.sources.find((one) => isNamed(one, source));
  return found && { row, source: found };
}

/** Names that differ in case only can't stand side by side, so this finds at most one. */
export function isNamed(source: IntentionSource, { name, namespace }: ServiceName): boolean {
  return (
    source.unknown === undefined &&
    fold(source.name) === fold(name) &&
    fold(source.namespace ?? 'default') === fold(namespace)
  );
}

/** The destination's own row and the one for all destinations. */
export function rowsFor(table: IntentionTable, { name, namespace }: ServiceName): Row<'intentions'>[] {
  const keys = new Set([keyOf.intentions({ destination: name }), keyOf.intentions({ destination: '*' })]);
  return [...keys].flatMap((key) => table.get(key) ?? []).filter((row) => fold(row.namespace) === fold(namespace));
}

function ofRow(row: Row<'intentions'>): StoredIntention[] {
  return row.sources.map((source) => ({ row, source }));
}

function sorted(found: StoredIntention[]): StoredIntention[] {
  return found
    .map((one) => ({ one, names: namesOf(one) }))
    .sort((a, b) => compareIntentions(a.names, b.names))
    .map(({ one }) => one);
}
