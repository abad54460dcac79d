/** The program: finds the command, runs it, and turns its end into an exit code. Nowhere else is one decided. */

import { text } from 'node:stream/consumers';
import { InputError, messageOf } from '../base/index.ts';
import type { Command, Context } from './command.ts';
import { findCommand } from './commands.ts';
import { CommandFailure } from './failure.ts';
import { onHangup, stopSignal } from './signals.ts';

/** As Consul's for a word that is no command. */
const noSuchCommand = 127;

const context: Context = {
  print: (line) => void process.stdout.write(`${line}\n`),
  complain: (line) => void process.stderr.write(`${line}\n`),
  env: process.env,
  readInput: () => text(process.stdin),
  hasColours: process.stdout.isTTY === true && process.stdout.hasColors(),
  stop: stopSignal,
  onHangup,
};

// A reader that leaves early, such as `head`, is no failure of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const line = context.env.COMP_LINE;
  if (line !== undefined) return await offerCompletions(line);

  const [first = '', ...others] = argv;
  if (/^--?(?:version|v)$/.test(first)) return await main(['version']);
  if (/^(?:help|--?help|-h)$/.test(first)) return await showHelp(others);

  const found = findCommand(argv);
  if (found.kind === 'command') return await run(found.path, await found.entry.load(), found.rest);
  const path = found.kind === 'group' ? found.path : '';
  const { formatUsage } = await import('./usage.ts');
  if (found.unknown !== undefined && /^--?h(?:elp)?$/.test(found.unknown)) {
    context.print(formatUsage(path));
    return 0;
  }
  if (found.unknown !== undefined) context.complain(`No such command: ${[path, found.unknown].join(' ').trim()}\n`);
  context.complain(formatUsage(path));
  return found.kind === 'group' ? 1 : noSuchCommand;
}

async function run(path: string, command: Command, argv: readonly string[]): Promise<number> {
  try {
    return await command.run(argv, context);
  } catch (error) {
    if (error instanceof InputError) {
      context.complain(`${error.message}\nSee: fairlead ${path} -help`);
      return command.misuseExitCode;
    }
    if (error instanceof CommandFailure) {
      context.complain(error.message);
      return error.exitCode;
    }
    // Anything else that has a code is the system's or a library's answer; what has none is our own mistake, and is shown whole.
    const isKnown = error instanceof Error && 'code' in error;
    context.complain(isKnown || !(error instanceof Error) ? messageOf(error) : (error.stack ?? messageOf(error)));
    return 1;
  }
}

async function showHelp(words: readonly string[]): Promise<number> {
  const found = findCommand(words);
  if (found.kind === 'command') context.print((await found.entry.load()).help);
  else context.print((await import('./usage.ts')).formatUsage(found.kind === 'group' ? found.path : ''));
  return 0;
}

async function offerCompletions(line: string): Promise<number> {
  const { complete } = await import('./completion.ts');
  const load = async (path: string): Promise<Command | undefined> => {
    const found = findCommand(path.split(' '));
    return found.kind === 'command' ? await found.entry.load() : undefined;
  };
  for (const word of await complete(line, load)) context.print(word);
  return 0;
}
