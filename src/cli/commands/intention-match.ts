import type { Intention } from '../../api/index.ts';
import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { toggle } from '../flags.ts';
import { formatIntention } from '../intentions.ts';

export const match: Command = defineCommand({
  usage: 'intention match [options] SERVICE',
  about:
    'Lists the intentions that apply to connections to SERVICE, or from it with -source. The first one that fits decides.',
  flags: {
    ...clientFlags,
    destination: toggle('Connections to the service. The default.'),
    source: toggle('Connections from the service.'),
  },
  misuseExitCode: 2,
  run: async (values, args, context) => {
    const [name] = args;
    if (args.length !== 1 || name === undefined) {
      throw new CommandFailure('Error: command requires exactly one argument: src or dst');
    }
    if (values.source && values.destination) {
      throw new CommandFailure('Error: only one of -source or -destination may be specified');
    }
    await using ask = askAgent(values, context.env);
    const query = { by: values.source ? 'source' : 'destination', name };
    const answer = await ask.call('Error matching the connection', 'GET', '/v1/connect/intentions/match', { query });
    const matches = answer.json() as Readonly<Record<string, readonly Intention[] | null>>;
    for (const intention of matches[name] ?? []) context.print(formatIntention(intention));
    return 0;
  },
});
