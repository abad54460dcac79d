/** Tables as Consul's commands print them. */

/** Columns as wide as their widest cell, two spaces apart; the last one is not padded. */
export function formatColumns(rows: readonly (readonly string[])[]): string {
  return pad(rows, 2).trimEnd();
}

/** Each cell but the last padded to the widest of its column and six spaces; the whole without trailing space. */
export function formatWideColumns(rows: readonly (readonly string[])[]): string {
  return pad(rows, 6).trimEnd();
}

function pad(rows: readonly (readonly string[])[], gap: number): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.slice(0, -1).entries()) {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    }
  }
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) =>
        column === row.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell) + gap),
      )
      .join('');
  return rows.map(line).join('\n');
}

/** In characters, not in UTF-16 units. */
function widthOf(cell: string): number {
  return [...cell].length;
}
