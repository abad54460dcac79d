import { type Ask, askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { destinationOf, exactQuery, lookUpIntention, sourceOf } from '../intentions.ts';

export const remove: Command = defineCommand({
  usage: 'intention delete [options] SOURCE DESTINATION | ID',
  about: 'Deletes an intention. What it decided falls to the next one that matches, or to the default policy.',
  flags: clientFlags,
  run: async (values, args, context) => {
    await using ask = askAgent(values, context.env);
    await deleteIntention(ask, args);
    context.print('Intention deleted.');
    return 0;
  },
});

async function deleteIntention(ask: Ask, args: readonly string[]): Promise<void> {
  const doing = 'Error deleting the intention';
  const deleteById = (id: string) => ask.call(doing, 'DELETE', `/v1/connect/intentions/${encodeURIComponent(id)}`);
  const [id, ...more] = args;
  if (id !== undefined && more.length === 0) return void (await deleteById(id));

  const found = await lookUpIntention(ask, args);
  if (found.ID) return void (await deleteById(found.ID));
  const query = exactQuery(sourceOf(found), destinationOf(found)); // one that was made without an ID
  await ask.call(doing, 'DELETE', '/v1/connect/intentions/exact', { query });
}
