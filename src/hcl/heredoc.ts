/** `<<END`, lines, `END` alone in the last one. With `<<-END` the lines lose the indentation of the last, where all of them have it. */

import type { Complain } from './number.ts';

const opening = /<<(-?)([\p{L}\p{Nd}_]+)\n/uy;

/** `end` is the offset of the line after the heredoc. */
export function readHeredoc(
  text: string,
  start: number,
  complain: Complain,
): { readonly value: string; readonly end: number } {
  opening.lastIndex = start;
  const [whole, dash, mark] = opening.exec(text) ?? [];
  if (whole === undefined || mark === undefined) throw complain(start, 'expected a mark after <<, and a new line');
  const lines: string[] = [];
  for (let at = start + whole.length; ; ) {
    const end = text.indexOf('\n', at);
    if (end === -1) throw complain(start, 'the heredoc is not closed');
    const line = text.slice(at, end);
    if (isLast(line, mark)) {
      const value = dash === '-' ? joined(lines, indentOf(line)) : joined(lines, '') + indentOf(line);
      return { value, end: end + 1 };
    }
    lines.push(line);
    at = end + 1;
  }
}

function isLast(line: string, mark: string): boolean {
  return line.endsWith(mark) && line.length - mark.length === indentOf(line).length;
}

function indentOf(line: string): string {
  return /^[\t\f\v ]*/.exec(line)?.[0] ?? '';
}

function joined(lines: readonly string[], indent: string): string {
  const isShared = lines.every((line) => line.startsWith(indent));
  return lines.map((line) => `${isShared ? line.slice(indent.length) : line}\n`).join('');
}
