import { InputError, type LogLevel } from '../base/index.ts';

const levels: Readonly<Record<string, LogLevel>> = {
  trace: 'debug',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  err: 'error',
  error: 'error',
};

/** Consul's levels, in any case. */
export function parseLogLevel(text: string): LogLevel {
  const key = text.toLowerCase();
  const level = Object.hasOwn(levels, key) ? levels[key] : undefined;
  if (level === undefined) {
    throw new InputError('', `Invalid log level: ${text}. Valid log levels are: [TRACE DEBUG INFO WARN ERR ERROR]`);
  }
  return level;
}
