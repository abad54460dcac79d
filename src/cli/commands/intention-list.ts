import type { Intention } from '../../api/index.ts';
import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { formatColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { destinationOf, formatAction, formatServiceName, sourceOf } from '../intentions.ts';

export const list: Command = defineCommand({
  usage: 'intention list [options]',
  about: 'Lists all intentions that the token may see, those of the highest precedence first.',
  flags: clientFlags,
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Error listing intentions', 'GET', '/v1/connect/intentions');
    const intentions = answer.json() as readonly Intention[];
    if (intentions.length === 0) {
      context.complain('There are no intentions.');
      return 0;
    }
    const rows = intentions.map((intention) => [
      intention.ID ?? '',
      formatServiceName(sourceOf(intention)),
      formatAction(intention),
      formatServiceName(destinationOf(intention)),
      String(intention.Precedence),
    ]);
    context.print(formatColumns([['ID', 'Source', 'Action', 'Destination', 'Precedence'], ...rows]));
    return 0;
  },
});
