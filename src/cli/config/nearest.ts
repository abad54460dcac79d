/** The name that was probably meant. */

/** Undefined when none is near: at most one change in three letters, swapped neighbours counted as one. */
export function findNearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = plain(name);
  if (wanted.length > 64) return undefined;
  let [nearest, least]: [string | undefined, number] = [undefined, Math.floor(wanted.length / 3) + 1];
  for (const candidate of known) {
    const changes = changesBetween(wanted, plain(candidate), least);
    if (changes < least) [nearest, least] = [candidate, changes];
  }
  return nearest;
}

/** `localBindPort` and `local-bind-port` are as near to `local_bind_port` as can be. */
function plain(name: string): string {
  return name.replace(/[_\-.\s]/g, '').toLowerCase();
}

/** Exact up to `enough`. Source: the optimal string alignment distance. */
function changesBetween(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  const rows = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  const at = (row: number, column: number): number => rows[row]?.[column] ?? enough;
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    rows.push(current);
    for (let column = 1; column <= b.length; column += 1) {
      const changed = at(row - 1, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const isSwapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swapped = isSwapped ? at(row - 2, column - 2) + 1 : enough;
      current.push(Math.min(changed, swapped, at(row - 1, column) + 1, at(row, column - 1) + 1));
    }
  }
  return at(a.length, b.length);
}
