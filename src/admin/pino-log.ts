/** The log of a program: JSON lines when piped, one readable line each on a terminal. The only file that knows pino. */

import { styleText } from 'node:util';
import { type DestinationStream, destination, type Logger, pino, stdTimeFunctions } from 'pino';
import type { Log, LogLevel } from '../base/index.ts';

export interface LogOptions {
  readonly level: LogLevel;
  /** JSON lines; otherwise lines for people. */
  readonly json: boolean;
  /** A file descriptor; 1 is standard output. */
  readonly destination?: number;
  /** Whether lines for people may have colours. */
  readonly colours?: boolean;
}

export interface ProgramLog extends Log {
  /** Writes out what waits. For the end of the program. */
  flush(): void;
  /** From now on, for those that `with` has made too. */
  setLevel(level: LogLevel): void;
}

/** Lines are written at once, so that none is missing after a crash. */
export function createLog(options: LogOptions): ProgramLog {
  const output = destination({ dest: options.destination ?? 1, sync: true });
  const stream: DestinationStream = options.json
    ? output
    : { write: (line) => output.write(readable(line, options.colours ?? false)) };
  const settings = {
    level: 'debug', // the threshold is ours: children made by the library keep that of their birth
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    messageKey: 'message',
    formatters: { level: (label: string) => ({ level: label }) },
  };
  const threshold = { level: options.level };
  return {
    ...logOf(pino(settings, stream), threshold),
    flush: () => output.flushSync(),
    setLevel: (level) => {
      threshold.level = level;
    },
  };
}

const levels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

function logOf(logger: Logger, threshold: { readonly level: LogLevel }): Log {
  const line = (level: LogLevel) => (message: string, fields?: object) => {
    if (levels.indexOf(level) < levels.indexOf(threshold.level)) return;
    if (fields === undefined) logger[level](message);
    else logger[level](fields, message);
  };
  return {
    with: (fields) => logOf(logger.child(fields), threshold),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
}

const colourOf: Readonly<Record<string, 'gray' | 'green' | 'yellow' | 'red'>> = {
  debug: 'gray',
  info: 'green',
  warn: 'yellow',
  error: 'red',
};

/** `12:03:21.512 WARN  listener failed  listener=db reason="port in use"`. A line break in a value stays inside its quotes. */
function readable(line: string, colours: boolean): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const paint = (style: Parameters<typeof styleText>[0], text: string): string =>
    colours ? styleText(style, text, { validateStream: false }) : text;
  const clock = String(time).slice(11, 23);
  const label = paint(colourOf[String(level)] ?? 'gray', String(level).toUpperCase().padEnd(5));
  const rest = Object.entries(fields).map(([name, value]) => ` ${paint('gray', `${name}=`)}${readableValue(value)}`);
  return `${paint('gray', clock)} ${label} ${String(message)}${rest.length > 0 ? ' ' : ''}${rest.join('')}\n`;
}

function readableValue(value: unknown): string {
  const isPlain = typeof value === 'string' && /^[^\s"=\p{Cc}]+$/u.test(value);
  return isPlain ? value : JSON.stringify(value);
}
