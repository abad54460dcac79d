/** One question to an agent, for the commands that ask and end. Failures read as those of Consul's commands. */

import { ApiError, type ConsulClient, createClient, parseExact, type RawAnswer, type RawCall } from '../api/index.ts';
import { InputError, messageOf, noMetrics, silentLog, systemClock } from '../base/index.ts';
import type { ClientFlags } from './client-flags.ts';
import { clientOptions } from './client-options.ts';
import type { Environment } from './command.ts';
import { CommandFailure } from './failure.ts';
import type { Values } from './flags.ts';

export interface Ask extends AsyncDisposable {
  /** Throws CommandFailure: what was being done, then why it failed. */
  call(doing: string, method: 'GET' | 'PUT' | 'POST' | 'DELETE', path: string, options?: RawCall): Promise<RawAnswer>;
  /** As `call`, but undefined where the agent answers 404. */
  find(doing: string, path: string, options?: RawCall): Promise<RawAnswer | undefined>;
}

/** `failureExitCode` is for the commands that use 1 for an answer. */
export function askAgent(values: Partial<Values<ClientFlags>>, env: Environment, failureExitCode = 1): Ask {
  const client = connectTo(values, env, failureExitCode);
  const call: Ask['call'] = async (doing, method, path, options = {}) => {
    const query = { ...(values.stale && method === 'GET' && { stale: '' }), ...options.query };
    try {
      return await client.call(method, path, { ...options, query });
    } catch (error) {
      throw asFailure(doing, error, failureExitCode);
    }
  };
  return {
    call,
    find: async (doing, path, options) => {
      try {
        return await call(doing, 'GET', path, options);
      } catch (error) {
        if (error instanceof CommandFailure && error.cause instanceof ApiError && error.cause.code === 'NOT_FOUND')
          return undefined;
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

function connectTo(values: Partial<Values<ClientFlags>>, env: Environment, failureExitCode: number): ConsulClient {
  const runtime = { clock: systemClock, log: silentLog, metrics: noMetrics, random: Math.random };
  try {
    return createClient(clientOptions(values, env, runtime));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CommandFailure(`Error connecting to Consul agent: ${error.message}`, failureExitCode);
  }
}

/** `doing` is how the sentence begins: `Error listing nodes`. */
function asFailure(doing: string, error: unknown, exitCode: number): unknown {
  if (!(error instanceof ApiError)) return error;
  const said = error.status === 0 ? messageOf(error) : `Unexpected response code: ${error.status} (${error.text})`;
  const advice = adviceOn(error);
  return new CommandFailure(`${doing}: ${said}${advice === '' ? '' : `\n${advice}`}`, exitCode, { cause: error });
}

function adviceOn(error: ApiError): string {
  if (error.code === 'UNREACHABLE') {
    return 'Start an agent with `fairlead agent -dev`, or say where one is with -http-addr or CONSUL_HTTP_ADDR.';
  }
  if (error.code === 'TOKEN_REFUSED') {
    return 'Ask with a token that may do this: -token, -token-file, CONSUL_HTTP_TOKEN or CONSUL_HTTP_TOKEN_FILE.';
  }
  return '';
}

/** As `parseExact`, for files of the user's. Throws CommandFailure. */
export function parseJson(text: string, doing: string): unknown {
  try {
    return parseExact(text);
  } catch (error) {
    throw new CommandFailure(`${doing}: ${messageOf(error)}`);
  }
}
