import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { formatColumns } from '../columns.ts';
import { type Command, defineCommand } from '../command.ts';
import { destinationOf, formatAction, formatServiceName, lookUpIntention, sourceOf } from '../intentions.ts';
import { formatLocalTime } from '../local-time.ts';

export const get: Command = defineCommand({
  usage: 'intention get [options] SOURCE DESTINATION | ID',
  about: 'Shows one intention.',
  flags: clientFlags,
  run: async (values, args, context) => {
    await using ask = askAgent(values, context.env);
    const intention = await lookUpIntention(ask, args);
    const meta = Object.entries(intention.Meta ?? {}).sort(([one], [other]) => (one < other ? -1 : 1));
    const rows = [
      ['Source:', formatServiceName(sourceOf(intention))],
      ['Destination:', formatServiceName(destinationOf(intention))],
      ['Action:', formatAction(intention)],
      ...(intention.ID ? [['ID:', intention.ID]] : []),
      ...(intention.Description ? [['Description:', intention.Description]] : []),
      ...meta.map(([key, value]) => [`Meta[${key}]:`, value]),
      ...(intention.CreatedAt ? [['Created At:', formatLocalTime(new Date(intention.CreatedAt))]] : []),
    ];
    context.print(formatColumns(rows));
    return 0;
  },
});
