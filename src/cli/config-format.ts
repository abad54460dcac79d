import { InputError } from '../base/index.ts';
import type { Format } from './config/source.ts';
import type { Flag } from './flags.ts';

/** The flag of every command that reads configuration files. */
export const configFormat: Flag<Format> = {
  help: 'How configuration files are read, whatever their names: hcl or json.',
  placeholder: 'format',
  parse: (value) => {
    if (value !== 'hcl' && value !== 'json') throw new InputError('', "expected 'hcl' or 'json'");
    return value;
  },
};
