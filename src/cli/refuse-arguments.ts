import { CommandFailure } from './failure.ts';

/** For commands that take flags only. */
export function refuseArguments(args: readonly string[]): void {
  if (args.length > 0) throw new CommandFailure(`Too many arguments (expected 0, got ${args.length})`);
}
