import { isDeepStrictEqual } from 'node:util';
import type { CheckRow, CheckStatus } from '../state/tables.ts';
import { limitOutput, outputLimitOf } from './output.ts';

/** For what an agent says around an output that was cut to its limit: what was asked, how much there was. */
const roomForWords = 1_024;

/**
 * A check's row after it said `status` and `output`. A new status takes the output along, for all to see; newer output at the same
 * status waits in `local`. The same object comes back when nothing changes.
 */
export function withResult(row: CheckRow, status: CheckStatus, output: string): CheckRow {
  if (row.local === undefined) return row;
  const { output: _, ...local } = row.local;
  const kept = limitOutput(output, outputLimitOf(row.local.definition) + roomForWords);
  const isNewStatus = status !== row.status;
  const next: CheckRow = isNewStatus
    ? { ...row, status, output: kept, local }
    : { ...row, local: kept === row.output ? local : { ...local, output: kept } };
  return isDeepStrictEqual(next, row) ? row : next;
}

/** The row with the output that waited in `local` shown to all. */
export function withOutputShown(row: CheckRow): CheckRow {
  if (row.local?.output === undefined) return row;
  const { output, ...local } = row.local;
  return { ...row, output, local };
}
