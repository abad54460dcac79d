import { readFile } from 'node:fs/promises';
import type { Intention } from '../../api/index.ts';
import { messageOf } from '../../base/index.ts';
import { type Ask, askAgent, parseJson } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, type Context, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { list, toggle } from '../flags.ts';
import {
  destinationOf,
  exactQuery,
  findIntention,
  formatIntention,
  parseServiceName,
  sourceOf,
} from '../intentions.ts';
import { checkKeyValue, parseKeyValues } from '../key-value.ts';

export const create: Command = defineCommand({
  usage: 'intention create [options] SOURCE DESTINATION',
  about: `Says that connections from SOURCE to DESTINATION are allowed, or denied with -deny. Either may be *.
With -file the arguments are files, each with one intention as JSON; - is standard input.`,
  flags: {
    ...clientFlags,
    allow: toggle('Allow the connections. The default.'),
    deny: toggle('Deny the connections.'),
    file: toggle('Read intentions from the files that follow.'),
    meta: list('Metadata of the intention; may be given several times.', 'key=value', checkKeyValue),
    replace: toggle('Replace an intention between the same two.'),
  },
  run: async (values, args, context) => {
    if (values.allow && values.deny) throw new CommandFailure('Only one of -allow or -deny may be specified.');
    const wanted = values.file
      ? await readIntentions(args, context)
      : [intentionFrom(args, values.deny ? 'deny' : 'allow', parseKeyValues(values.meta))];

    await using ask = askAgent(values, context.env);
    for (const intention of wanted) {
      if (values.replace && (await replaceExisting(ask, intention))) continue;
      await ask.call(`Error creating intention "${formatIntention(intention)}"`, 'POST', '/v1/connect/intentions', {
        body: intention,
      });
      context.print(`Created: ${formatIntention(intention)}`);
    }
    return 0;
  },
});

type NewIntention = Intention & { readonly Action: string };

function intentionFrom(
  args: readonly string[],
  action: 'allow' | 'deny',
  meta: Readonly<Record<string, string>> | undefined,
): NewIntention {
  const [source, destination] = args;
  if (args.length !== 2 || source === undefined || destination === undefined) {
    throw new CommandFailure('Error: Must specify two arguments: source and destination');
  }
  const [from, to] = [parseServiceName(source, 'source'), parseServiceName(destination, 'destination')];
  return {
    SourceNS: from.namespace,
    SourceName: from.name,
    DestinationNS: to.namespace,
    DestinationName: to.name,
    SourceType: 'consul',
    Action: action,
    ...(meta && { Meta: meta }),
  } as NewIntention;
}

async function readIntentions(files: readonly string[], context: Context): Promise<NewIntention[]> {
  if (files.filter((file) => file === '-').length > 1) throw new CommandFailure("Error: '-' may be used once only");
  const intentions: NewIntention[] = [];
  for (const file of files) {
    const parsed = parseJson(await readText(file, context), `Error: ${file}`);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      throw new CommandFailure(`Error: ${file}: expected an intention, an object such as {"SourceName": "web", …}`);
    }
    intentions.push(parsed as NewIntention);
  }
  return intentions;
}

async function readText(file: string, context: Context): Promise<string> {
  if (file === '-') return await context.readInput();
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`Error: ${messageOf(error)}`);
  }
}

/** Whether there was one. One that was made without an ID can only be named by its two ends. */
async function replaceExisting(ask: Ask, intention: NewIntention): Promise<boolean> {
  const [source, destination] = [sourceOf(intention), destinationOf(intention)];
  const existing = await findIntention(ask, source, destination);
  if (!existing) return false;
  const doing = `Error replacing intention with source "${intention.SourceName}" and destination "${intention.DestinationName}"`;
  if (existing.ID) {
    const body = { ...intention, ID: existing.ID };
    await ask.call(doing, 'PUT', `/v1/connect/intentions/${existing.ID}`, { body });
  } else {
    const query = exactQuery(source, destination);
    await ask.call(doing, 'PUT', '/v1/connect/intentions/exact', { query, body: intention });
  }
  return true;
}
