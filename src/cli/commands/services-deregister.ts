import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text } from '../flags.ts';
import { readServiceFiles } from '../service-files.ts';

export const deregister: Command = defineCommand({
  usage: 'services deregister [options] [FILE...]',
  about: 'Takes services off the local agent: those that are defined in files, or one by its ID.',
  flags: { ...clientFlags, id: text('The ID of the instance.', 'id') },
  run: async (values, args, context) => {
    if (args.length === 0 && !values.id) {
      throw new CommandFailure('Service deregistration requires at least one argument or -id.');
    }
    if (args.length > 0 && values.id) {
      throw new CommandFailure('Service deregistration requires arguments or -id, not both.');
    }
    const ids = values.id ? [values.id] : readServiceFiles(args).map(({ ID, Name }) => String(ID || Name || ''));

    await using ask = askAgent(values, context.env);
    for (const id of ids) {
      const path = `/v1/agent/service/deregister/${encodeURIComponent(id)}`;
      await ask.call(`Error deregistering service "${id}"`, 'PUT', path);
      context.print(`Deregistered service: ${id}`);
    }
    return 0;
  },
});
