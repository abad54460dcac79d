/** Files and flags of an agent, read into what it is started with. */

import { type AgentConfig, type AgentOptions, checkAgentConfig, parseAgentConfig } from '../agent/index.ts';
import { InputError, type LogLevel } from '../base/index.ts';
import { agentOptions, formatKey, keyOfError } from './agent-options.ts';
import { type AgentSettings, settingsOf } from './agent-settings.ts';
import { type Config, type ConfigFlags, loadConfig } from './config/load-config.ts';
import { findMistake } from './config/rules.ts';
import { parseLogLevel } from './log-level.ts';

export interface AgentPlan {
  readonly settings: AgentSettings;
  readonly options: AgentOptions;
  /** With all defaults. */
  readonly config: AgentConfig;
  readonly level: LogLevel;
  /** Files in folders that are no configuration. */
  readonly skipped: readonly string[];
  /** The error with the places at which people wrote what it is about. */
  readonly inPlace: (error: InputError) => InputError;
}

export interface PlanOptions extends ConfigFlags {
  readonly isDev?: boolean | undefined;
  /** Flags without effect. */
  readonly ignoredFlags?: readonly string[];
}

/** Reads the files anew. Rejects with an InputError that names file, line and key. */
export async function readPlan({ isDev, ignoredFlags = [], ...flags }: PlanOptions): Promise<AgentPlan> {
  const loaded = loadConfig(flags);
  const inPlace = (error: InputError): InputError => withPlace(error, loaded);
  try {
    const mistake = findMistake(loaded.values);
    if (mistake !== undefined) throw new InputError(mistake.key, mistake.message);
    const settings = settingsOf(loaded, isDev, ignoredFlags);
    const options = agentOptions(settings);
    const config = parseAgentConfig(options);
    await checkAgentConfig(config);
    return { settings, options, config, level: levelOf(settings), skipped: loaded.skipped, inPlace };
  } catch (error) {
    throw error instanceof InputError ? inPlace(error) : error;
  }
}

function levelOf({ logLevel = 'info' }: AgentSettings): LogLevel {
  try {
    return parseLogLevel(logLevel);
  } catch (error) {
    throw error instanceof InputError ? new InputError('log_level', error.message) : error;
  }
}

/** `service "web"` is the agent's name for a definition, which counts those without a name from 1. */
function withPlace(error: InputError, { placeOf, services, checks }: Config): InputError {
  const { key, message } = keyOfError(error);
  const [, kind, name] = /^(service|check) (.+)$/s.exec(key) ?? [];
  if (kind !== undefined) {
    const definitions = kind === 'service' ? services : checks;
    const found =
      definitions.find(({ value }) => JSON.stringify(value['name']) === name) ?? definitions[Number(name) - 1];
    return found === undefined ? error : new InputError(found.place(), message);
  }
  if (key === '') return error;
  return new InputError(placeOf(key) ?? formatKey(key), message);
}
