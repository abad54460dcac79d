/** The services that are defined in files, as the agent's API takes them. */

import { InputError } from '../base/index.ts';
import { readConfigPath } from './config-files.ts';
import { CommandFailure } from './failure.ts';
import { flatten, type JsonObject, normalizeService } from './service-definition.ts';

/** In the order of the files; other keys in them are left alone. Throws CommandFailure that names the place. */
export function readServiceFiles(paths: readonly string[]): JsonObject[] {
  try {
    return paths.flatMap((path) => readConfigPath(path).flatMap(({ path: file, value }) => servicesIn(value, file)));
  } catch (error) {
    throw error instanceof InputError ? new CommandFailure(`Error: ${error.message}`) : error;
  }
}

/** Of `service` and `services`, each an object or a list of them. */
function servicesIn(value: JsonObject, file: string): JsonObject[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    if (flatten(key) !== 'service' && flatten(key) !== 'services') return [];
    if (!Array.isArray(inner)) return [normalizeService(inner, `${file}: ${key}`)];
    return inner.map((definition, at) => normalizeService(definition, `${file}: ${key}[${at}]`));
  });
}
