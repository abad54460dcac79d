/** Logging as the project sees it. The library behind it is in `admin`; users of the SDK may bring their own. */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** `message` is constant, lower case, past tense; everything variable is a field. Never a secret. */
export interface Log {
  with(fields: object): Log;
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export const silentLog: Log = {
  with: () => silentLog,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
