import { askAgent } from '../ask.ts';
import { clientFlags } from '../client-flags.ts';
import { type Command, defineCommand } from '../command.ts';
import type { JsonObject } from '../config/kinds.ts';
import { CommandFailure } from '../failure.ts';
import { integer, list, text, type Values } from '../flags.ts';
import { checkKeyValue, parseKeyValues } from '../key-value.ts';
import { readServiceFiles } from '../service-files.ts';

const flags = {
  ...clientFlags,
  address: text("The service's address.", 'host'),
  id: text('The ID of the instance. Default: the name.', 'id'),
  kind: text('The kind of service, such as connect-proxy.', 'kind'),
  meta: list('Metadata; may be given several times.', 'key=value', checkKeyValue),
  name: text("The service's name.", 'name'),
  port: integer("The service's port.", 'port'),
  tag: list('A tag; may be given several times.', 'tag'),
  'tagged-address': list(
    'An address under a name of its own; may be given several times.',
    'name=host:port',
    checkKeyValue,
  ),
};

export const register: Command = defineCommand({
  usage: 'services register [options] [FILE...]',
  about: `Registers services with the local agent: those that are defined in files, or one that the flags describe.
They stay until they are deregistered.`,
  flags,
  run: async (values, args, context) => {
    if (args.length === 0 && !values.name) {
      throw new CommandFailure('Service registration requires at least one argument or flags.');
    }
    if (args.length > 0 && values.name) {
      throw new CommandFailure('Service registration requires arguments or -id, not both.');
    }
    const services = args.length > 0 ? readServiceFiles(args) : [serviceFrom(values)];

    await using ask = askAgent(values, context.env);
    for (const service of services) {
      const { Name: name = '' } = service;
      await ask.call(`Error registering service "${name}"`, 'PUT', '/v1/agent/service/register', { body: service });
      context.print(`Registered service: ${name}`);
    }
    return 0;
  },
});

function serviceFrom(values: Values<typeof flags>): JsonObject {
  const meta = parseKeyValues(values.meta);
  const addresses = parseKeyValues(values['tagged-address']);
  return {
    Name: values.name,
    ...(values.id && { ID: values.id }),
    ...(values.kind && { Kind: values.kind }),
    ...(values.address && { Address: values.address }),
    ...(values.port !== undefined && { Port: values.port }),
    ...(values.tag.length > 0 && { Tags: values.tag }),
    ...(meta && { Meta: meta }),
    ...(addresses && {
      TaggedAddresses: Object.fromEntries(Object.entries(addresses).map(([name, text]) => [name, parseAddress(text)])),
    }),
  };
}

function parseAddress(text: string): JsonObject {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined)
    throw new CommandFailure(`Invalid Tagged Address: expected host:port, found ${JSON.stringify(text)}`);
  return { Address: bracketed ?? plain, Port: Number(port) };
}
