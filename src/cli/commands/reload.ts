import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';

export const reload: Command = defineCommand({
  usage: 'reload [options]',
  about: 'Lets the agent read its configuration files again, as SIGHUP does.',
  flags: clientFlags,
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    await ask.call('Error reloading', 'PUT', '/v1/agent/reload');
    context.print('Configuration reload triggered');
    return 0;
  },
});
