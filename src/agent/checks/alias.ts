/** An alias check is as healthy as what it follows: the checks of a service and of its node, or those of a node alone. */

import { NodeRows, type TableReader } from '../registry/node-rows.ts';
import type { CheckRow, CheckStatus } from '../state/tables.ts';
import { withResult } from './result.ts';

/** The alias's row as it should be now; the same object when nothing changes. */
export function aliasState(alias: CheckRow, tables: TableReader): CheckRow {
  const definition = alias.local?.definition;
  if (definition?.type !== 'alias') return alias;
  const { aliasService = '', aliasNode } = definition;
  const rows = new NodeRows(tables, aliasNode ?? alias.node);
  const followed = [...rows.checksOf(''), ...(aliasService === '' ? [] : rows.checksOf(aliasService))].filter(
    (check) => check.checkId !== alias.checkId && (aliasNode !== undefined || check.local !== undefined),
  );
  const found = worstOf(followed);
  const isGone = aliasService === '' ? rows.row() === undefined : rows.service(aliasService) === undefined;
  const { status, output } = isGone && found.status === 'passing' ? gone(rows, aliasService) : found;
  return withResult(alias, status, output);
}

interface Health {
  readonly status: CheckStatus;
  readonly output: string;
}

function gone(rows: NodeRows, aliasService: string): Health {
  const what = aliasService === '' ? `Node "${rows.node}"` : `Service "${aliasService}" on node "${rows.node}"`;
  return { status: 'critical', output: `${what} is not registered.` };
}

/** Of several equally bad checks, the first by ID is named. */
function worstOf(checks: readonly CheckRow[]): Health {
  const byId = checks.toSorted((a, b) => (a.checkId < b.checkId ? -1 : 1));
  const worst = byId.find(({ status }) => status === 'critical') ?? byId.find(({ status }) => status === 'warning');
  if (worst !== undefined) {
    const output = `Aliased check "${worst.name}" failing: ${worst.local?.output ?? worst.output}`;
    return { status: worst.status, output };
  }
  return { status: 'passing', output: checks.length === 0 ? 'No checks found.' : 'All checks passing.' };
}
