import type { Log } from './base/index.ts';

/** For whoever brings no log: warnings and errors become warnings of the process, the rest is dropped. */
export const processWarnings: Log = {
  with: () => processWarnings,
  debug: () => undefined,
  info: () => undefined,
  warn: (message, fields) => warn(message, fields),
  error: (message, fields) => warn(message, fields),
};

function warn(message: string, fields: object = {}): void {
  const details = Object.entries(fields).map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
  process.emitWarning(message + details.join(''), 'FairleadWarning');
}
