/** A TTL check is told its status by the service; when it is not told in time, it is critical. */

import type { CheckRow, CheckStatus } from '../state/tables.ts';
import { limitOutput, outputLimitOf } from './output.ts';
import { withResult } from './result.ts';

/** The row after the service said how it is, at `now`. */
export function heardFrom(row: CheckRow, status: CheckStatus, output: string, now: number): CheckRow {
  const ttl = row.local?.definition.ttl ?? 0;
  const said = withResult(row, status, limitOutput(output, outputLimitOf(row.local?.definition ?? { type: 'ttl' })));
  return said.local === undefined ? said : { ...said, local: { ...said.local, expiresAt: now + ttl } };
}

/** Milliseconds until the check lapses; 0 or less when it should have. */
export function timeLeft(row: CheckRow, now: number): number {
  return (row.local?.expiresAt ?? 0) - now;
}

/** The row once nothing was heard for too long. */
export function lapsed(row: CheckRow): CheckRow {
  const last = row.local?.output ?? row.output;
  const isSaid = last === '' || last.startsWith(expired);
  return withResult(
    row,
    'critical',
    isSaid ? last || expired : `${expired} (last output before timeout follows): ${last}`,
  );
}

const expired = 'TTL expired';
