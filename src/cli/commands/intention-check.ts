import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';

/** 1 means denied. */
const failed = 2;

export const check: Command = defineCommand({
  usage: 'intention check [options] SOURCE DESTINATION',
  about: 'Asks whether connections from SOURCE to DESTINATION are allowed. The exit code is 0 for yes, 1 for no.',
  flags: clientFlags,
  misuseExitCode: failed,
  run: async (values, args, context) => {
    const [source, destination] = args;
    if (args.length !== 2)
      throw new CommandFailure('Error: command requires exactly two arguments: src and dst', failed);
    await using ask = askAgent(values, context.env, failed);
    const query = { destination, source, 'source-type': 'consul' };
    const answer = await ask.call('Error checking the connection', 'GET', '/v1/connect/intentions/check', { query });
    const { Allowed: isAllowed } = answer.json() as { readonly Allowed: boolean };
    context.print(isAllowed ? 'Allowed' : 'Denied');
    return isAllowed ? 0 : 1;
  },
});
