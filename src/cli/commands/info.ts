import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';

export const info: Command = defineCommand({
  usage: 'info [options]',
  about: 'Shows what the agent tells of itself.',
  flags: clientFlags,
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Error querying agent', 'GET', '/v1/agent/self');
    const stats = (answer.json() as { readonly Stats?: Stats }).Stats ?? {};
    for (const [section, values] of sorted(stats)) {
      context.print(`${section}:`);
      for (const [key, value] of sorted(values)) context.print(`\t${key} = ${value}`);
    }
    return 0;
  },
});

type Stats = Readonly<Record<string, Readonly<Record<string, string>>>>;

function sorted<T>(object: Readonly<Record<string, T>>): [key: string, value: T][] {
  return Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1));
}
