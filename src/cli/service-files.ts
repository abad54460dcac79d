/** The services that are defined in files, as the agent's API takes them. */

import { InputError } from '../base/index.ts';
import { serviceForApi } from './config/definitions.ts';
import type { JsonObject } from './config/kinds.ts';
import { loadConfig } from './config/load-config.ts';
import { CommandFailure } from './failure.ts';

/** In the order of the files; other keys in them mean nothing here. Throws CommandFailure that names the place. */
export function readServiceFiles(paths: readonly string[]): JsonObject[] {
  try {
    const { services } = loadConfig({ paths });
    return services.map(({ value }) => serviceForApi(value));
  } catch (error) {
    throw error instanceof InputError ? new CommandFailure(`Error: ${error.message}`) : error;
  }
}
