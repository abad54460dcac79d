import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { refuseArguments } from '../refuse-arguments.ts';

export const datacenters: Command = defineCommand({
  usage: 'catalog datacenters [options]',
  about: 'Lists the datacenters that the agent knows.',
  flags: clientFlags,
  run: async (values, args, context) => {
    refuseArguments(args);
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Error listing datacenters', 'GET', '/v1/catalog/datacenters');
    for (const datacenter of answer.json() as readonly string[]) context.print(datacenter);
    return 0;
  },
});
