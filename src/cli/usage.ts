/** Help above the single command: the program's and each group's. */

import { namesBelow } from './commands.ts';

/** `path` is a group's words, or empty for the whole program. */
export function formatUsage(path: string): string {
  const names = namesBelow(path);
  const width = Math.max(...names.map(({ name }) => name.length));
  const head =
    path === ''
      ? 'Usage: fairlead [-version] [-help] <command> [arguments]\n\nA service mesh in one program: sidecar proxies, an agent, and commands for both.\n\nCommands:'
      : `Usage: fairlead ${path} <command> [arguments]\n\nCommands:`;
  const lines = names.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`);
  const foot = `Flags of a command: fairlead ${path === '' ? '' : `${path} `}<command> -help`;
  return `${head}\n${lines.join('\n')}\n\n${foot}`;
}
