import type { Transaction } from '../state/store.ts';
import { type IntentionsRow, keyOf } from '../state/tables.ts';
import { topic } from '../state/topics.ts';

/**
 * Puts `next` in the place of `old`, the row of the same destination; undefined stands for no row.
 * Every source of the row is touched, since each shows the row's index.
 */
export function writeRow(tx: Transaction, old: IntentionsRow | undefined, next: IntentionsRow | undefined): void {
  const row = next ?? old;
  if (row === undefined) return;
  const key = keyOf.intentions(row);
  const isChanged = next === undefined ? tx.delete('intentions', key) : tx.put('intentions', key, next);
  if (!isChanged) return;
  const sources = new Set([...(old?.sources ?? []), ...(next?.sources ?? [])].map(({ name }) => name));
  tx.touch(
    topic.intentions,
    topic.intentionsTo(row.destination),
    ...[...sources].map((source) => topic.intentionsFrom(source)),
  );
}
