/** What a command is, and what it has to work with. */

import { type FlagTable, formatHelp, parseFlags, type Values } from './flags.ts';

export interface Context {
  /** To standard output, with a line end. */
  readonly print: (text: string) => void;
  /** To standard error, with a line end. */
  readonly complain: (text: string) => void;
  readonly env: Environment;
  /** The whole of standard input. */
  readonly readInput: () => Promise<string>;
  /** Whether standard output is a terminal that shows colours. */
  readonly hasColours: boolean;
  /** Aborts at the first SIGINT or SIGTERM. From its first use on, the second of them ends the process at once. */
  readonly stop: () => AbortSignal;
  /** Calls `listener` at each SIGHUP until `signal` aborts. Without it SIGHUP ends the process. */
  readonly onHangup: (listener: () => void, signal: AbortSignal) => void;
}

/** The variables that this program knows. */
export type Environment = {
  readonly [Name in
    | 'COMP_LINE'
    | 'CONNECT_PROXY_ID'
    | 'CONNECT_PROXY_TOKEN'
    | 'CONNECT_SIDECAR_FOR'
    | 'CONSUL_CACERT'
    | 'CONSUL_CAPATH'
    | 'CONSUL_CLIENT_CERT'
    | 'CONSUL_CLIENT_KEY'
    | 'CONSUL_HTTP_ADDR'
    | 'CONSUL_HTTP_AUTH'
    | 'CONSUL_HTTP_SSL'
    | 'CONSUL_HTTP_SSL_VERIFY'
    | 'CONSUL_HTTP_TOKEN'
    | 'CONSUL_HTTP_TOKEN_FILE'
    | 'CONSUL_PROXY_ID'
    | 'CONSUL_PROXY_TOKEN'
    | 'CONSUL_TLS_SERVER_NAME']?: string | undefined;
};

export interface Command {
  readonly help: string;
  readonly flags: FlagTable;
  /** Of a wrong command line; 1 unless the command uses 1 for an answer. */
  readonly misuseExitCode: number;
  /** Gives the exit code, or throws. InputError: the command line is wrong. CommandFailure: the rest went wrong. */
  readonly run: (argv: readonly string[], context: Context) => Promise<number>;
}

export interface CommandDefinition<T extends FlagTable> {
  /** As help shows it, without the program's name: `intention create [options] SRC DST`. */
  readonly usage: string;
  readonly about: string;
  readonly flags: T;
  readonly misuseExitCode?: number;
  readonly run: (values: Values<T>, args: readonly string[], context: Context) => Promise<number>;
}

export function defineCommand<T extends FlagTable>(definition: CommandDefinition<T>): Command {
  const help = (): string => formatHelp(`fairlead ${definition.usage}`, definition.about, definition.flags);
  return {
    get help() {
      return help();
    },
    flags: definition.flags,
    misuseExitCode: definition.misuseExitCode ?? 1,
    run: async (argv, context) => {
      const parsed = parseFlags(definition.flags, argv);
      if (parsed.kind === 'flags') return await definition.run(parsed.values, parsed.args, context);
      context.print(help());
      return 0;
    },
  };
}
