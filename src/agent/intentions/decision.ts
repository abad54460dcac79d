/** What the agent says of a connection: from the rows in memory, by the same code as a proxy that decides for itself. */

import { compileRules, decide, type Rule, type RuleTable, ruleOf, type Source } from '../../intentions/index.ts';
import type { IntentionsRow } from '../state/tables.ts';
import { type IntentionTable, rowsFor, type ServiceName, type StoredIntention } from './view.ts';

export interface IntentionDecision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** What applies where no intention matches. */
export interface IntentionDefault {
  readonly allow: boolean;
  readonly reason: string;
}

export function decideConnection(
  table: IntentionTable,
  source: Source,
  destination: ServiceName,
  otherwise: IntentionDefault,
): IntentionDecision {
  // The destination's own row comes first, and each of its rules is more exact than any for all destinations.
  for (const row of rowsFor(table, destination)) {
    const verdict = decide(compiled(row), source);
    if (verdict.decision === 'none') continue;
    if (verdict.decision === 'ask') return { allowed: false, reason: unknownSource };
    return { allowed: verdict.decision === 'allow', reason: reasonOf(verdict.rule, row) };
  }
  return { allowed: otherwise.allow, reason: otherwise.reason };
}

const unknownSource =
  'Matched an intention for a peer, partition or sameness group, which this agent does not evaluate';

const compiledRows = new WeakMap<IntentionsRow, RuleTable>();

/** A row is never changed, only replaced, so its table is good for as long as the row is. */
function compiled(row: IntentionsRow): RuleTable {
  const known = compiledRows.get(row);
  if (known !== undefined) return known;
  const table = compileRules(row.sources.map((source) => ruleOfStored({ row, source })));
  compiledRows.set(row, table);
  return table;
}

export function ruleOfStored({ row, source }: Pick<StoredIntention, 'source'> & { readonly row: IntentionsRow }): Rule {
  const { Peer: peer, Partition: partition, SamenessGroup: group } = source.unknown ?? {};
  return ruleOf({
    id: source.legacyId,
    source: source.name,
    sourceNamespace: source.namespace,
    sourceType: source.type,
    destination: row.destination,
    action: source.action,
    permissions: source.permissions,
    precedence: source.precedence,
    sourcePeer: peer as string | undefined,
    sourcePartition: partition as string | undefined,
    sourceSamenessGroup: group as string | undefined,
  });
}

/** As agents from 1.9 on say it; people and programs look for these words. */
function reasonOf(rule: Rule, row: IntentionsRow): string {
  const names = `${rule.sourceNamespace}/${rule.source} => ${row.namespace}/${row.destination}`;
  const details = [...(rule.id === undefined ? [] : [`ID: ${rule.id}`]), `Precedence: ${rule.precedence}`];
  if (rule.permissions !== undefined)
    return `Matched L7 intention: ${names} (${[...details, `Permissions: ${rule.permissions}`].join(', ')})`;
  return `Matched L4 intention: ${names} (${[...details, `Action: ${rule.action.toUpperCase()}`].join(', ')})`;
}
