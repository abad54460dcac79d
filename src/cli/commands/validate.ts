import { statSync } from 'node:fs';
import { InputError } from '../../base/index.ts';
import { type Command, defineCommand } from '../command.ts';
import { configFormat } from '../config-format.ts';
import { CommandFailure } from '../failure.ts';
import { toggle } from '../flags.ts';
import { readPlan } from '../read-plan.ts';

export const validate: Command = defineCommand({
  usage: 'validate [options] FILE_OR_DIRECTORY...',
  about: `Reads configuration files as the agent would at its start, without starting it, and says what is
wrong with them. Give all the files that the agent is to have: what it needs and none of them
says is wrong too. The exit code is 0 if they can be used, otherwise 1.`,
  flags: { 'config-format': configFormat, quiet: toggle('Print nothing if the configuration is valid.') },
  run: async (values, args, context) => {
    if (args.length === 0) throw new CommandFailure('Must specify at least one config file or directory');
    try {
      const { config, settings, skipped } = await readPlan({ paths: args, format: values['config-format'] });
      refuseFileAsFolder(config.dataDir);
      for (const file of skipped) {
        context.complain(`skipping file ${file}, extension must be .hcl or .json, or config format must be set`);
      }
      if (values.quiet) return 0;
      context.print('Configuration is valid!');
      if (settings.ignored.length > 0)
        context.complain(`Without effect on one machine: ${settings.ignored.join(', ')}`);
      return 0;
    } catch (error) {
      throw error instanceof InputError ? new CommandFailure(`Config validation failed: ${error.message}`) : error;
    }
  },
});

function refuseFileAsFolder(dataDir: string | undefined): void {
  if (dataDir === undefined || (statSync(dataDir, { throwIfNoEntry: false })?.isDirectory() ?? true)) return;
  throw new InputError('data_dir', `${dataDir} is no folder`);
}
