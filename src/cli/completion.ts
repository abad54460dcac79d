/**
 * Completion for shells, as `complete -C fairlead fairlead` asks for it: the shell calls the program with the line in
 * COMP_LINE and offers what it prints.
 */

import type { Command } from './command.ts';
import { findCommand, namesBelow } from './commands.ts';

/** The words that may stand where the cursor is. Files are left to the shell (`complete -o default`). */
export async function complete(
  line: string,
  load: (path: string) => Promise<Command | undefined>,
): Promise<readonly string[]> {
  const words = line.trimStart().split(/\s+/).slice(1);
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);

  const found = findCommand(before);
  if (found.kind === 'command') {
    if (!current.startsWith('-')) return [];
    const command = await load(found.path);
    return matching(
      Object.keys(command?.flags ?? {}).map((name) => `-${name}`),
      current.replace(/^--/, '-'),
    );
  }
  const isOpen = before.length === 0 || (found.kind === 'group' && found.unknown === undefined);
  if (!isOpen) return [];
  const names = namesBelow(found.kind === 'group' ? found.path : '').map(({ name }) => name);
  return matching(names, current);
}

function matching(candidates: readonly string[], start: string): readonly string[] {
  return candidates.filter((candidate) => candidate.startsWith(start)).sort();
}
