import { type Command, defineCommand } from '../command.ts';
import { CommandFailure } from '../failure.ts';
import { text } from '../flags.ts';
import { readProgramVersion } from '../program-version.ts';

export const version: Command = defineCommand({
  usage: 'version [options]',
  about: 'Shows the version of this program.',
  flags: { format: text('pretty or json.', 'format') },
  run: async ({ format = 'pretty' }, _args, context) => {
    const version = readProgramVersion();
    if (format === 'json') context.print(JSON.stringify({ Version: version, ConsulApi: consulApi }, undefined, 3));
    else if (format === 'pretty')
      context.print(`Fairlead v${version}\nIts agent speaks the HTTP API of Consul ${consulApi}`);
    else throw new CommandFailure(`Unknown format: ${format}`);
    return 0;
  },
});

/** The release whose form of the API the agent has. */
const consulApi = '1.10.0';
