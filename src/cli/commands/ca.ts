import { readFile } from 'node:fs/promises';
import { messageOf } from '../../base/index.ts';
import { askAgent, parseJson } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text } from '../flags.ts';

const path = '/v1/connect/ca/configuration';

export const getConfig: Command = defineCommand({
  usage: 'ca get-config [options]',
  about: 'Shows how the certificate authority is configured.',
  flags: clientFlags,
  run: async (values, _args, context) => {
    await using ask = askAgent(values, context.env);
    const answer = await ask.call('Error querying CA configuration', 'GET', path);
    context.print(formatConfig(answer.json() as CaConfig));
    return 0;
  },
});

export const setConfig: Command = defineCommand({
  usage: 'ca set-config -config-file=FILE [options]',
  about: `Changes how the certificate authority is configured. A new private key or key type makes a new root: services get new
certificates at once, and connections that are open stay.`,
  flags: { ...clientFlags, 'config-file': text('The configuration, JSON.', 'file') },
  run: async (values, _args, context) => {
    const file = values['config-file'];
    if (!file) throw new CommandFailure('The -config-file flag is required');
    const config = parseJson(await readConfig(file), `Error parsing config file: ${file}`);
    await using ask = askAgent(values, context.env);
    await ask.call('Error setting CA configuration', 'PUT', path, { body: config });
    context.print('Configuration updated!');
    return 0;
  },
});

async function readConfig(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`Error reading config file: ${messageOf(error)}`);
  }
}

interface CaConfig {
  readonly Provider: string;
  readonly Config: Readonly<Record<string, unknown>>;
  readonly State?: Readonly<Record<string, string>> | null;
  readonly CreateIndex: number;
  readonly ModifyIndex: number;
}

function formatConfig({ Provider, Config, State = null, CreateIndex, ModifyIndex }: CaConfig): string {
  return JSON.stringify({ Provider, Config: sortKeys(Config), State, CreateIndex, ModifyIndex }, exactNumbers, '\t');
}

function sortKeys(object: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)));
}

function exactNumbers(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? Number(value) : value;
}
