/** Where the agent is and how to prove who asks, from flags and from Consul's environment variables. A flag wins. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ClientOptions, ClientTls } from '../api/index.ts';
import { InputError, messageOf, type Runtime, Secret } from '../base/index.ts';
import type { ClientFlags } from './client-flags.ts';
import type { Environment } from './command.ts';
import type { Values } from './flags.ts';
import { parseGoBoolean } from './go-arguments.ts';
import { watchedFile } from './watched-file.ts';

export const defaultAddress = '127.0.0.1:8500';

/** Throws InputError that names the flag or variable. `fallbackToken` is used where no other token is given. */
export function clientOptions(
  values: Partial<Values<ClientFlags>>,
  env: Environment,
  runtime: Runtime,
  fallbackToken?: string,
): ClientOptions {
  const scheme = useTls(env) ? 'https' : undefined;
  const given = values['http-addr'] || env.CONSUL_HTTP_ADDR || defaultAddress;
  const tls = tlsOptions(values, env);
  const token = tokenSource(values, env, fallbackToken);
  const auth = env.CONSUL_HTTP_AUTH;
  return {
    address: withScheme(given, scheme),
    runtime,
    ...(token && { token }),
    ...(values.datacenter && { datacenter: values.datacenter }),
    ...(tls && { tls }),
    ...(auth && { auth: new Secret(auth) }),
  };
}

/** Without a scheme of its own, or with plain http, an address becomes https when the environment asks for TLS. */
function withScheme(address: string, scheme: string | undefined): string {
  const [, known] = /^([a-z]+):\/\//i.exec(address) ?? [];
  if (known !== undefined && !/^(?:http|https|unix)$/i.test(known)) {
    throw new InputError('', `Unknown protocol scheme: ${known}`);
  }
  if (scheme === undefined || known === 'https' || known === 'unix') return address;
  return `${scheme}://${address.replace(/^http:\/\//i, '')}`;
}

function useTls(env: Environment): boolean {
  return readBoolean(env, 'CONSUL_HTTP_SSL') ?? false;
}

function readBoolean(env: Environment, name: keyof Environment): boolean | undefined {
  const text = env[name];
  if (text === undefined || text === '') return undefined;
  const value = parseGoBoolean(text);
  if (value === undefined) throw new InputError(name, `expected true or false, found ${JSON.stringify(text)}`);
  return value;
}

function tlsOptions(values: Partial<Values<ClientFlags>>, env: Environment): ClientTls | undefined {
  const [caFile, caFrom] = pick(values, 'ca-file', env, 'CONSUL_CACERT');
  const [caPath, caPathFrom] = pick(values, 'ca-path', env, 'CONSUL_CAPATH');
  const [certFile, certFrom] = pick(values, 'client-cert', env, 'CONSUL_CLIENT_CERT');
  const [keyFile, keyFrom] = pick(values, 'client-key', env, 'CONSUL_CLIENT_KEY');
  const [serverName] = pick(values, 'tls-server-name', env, 'CONSUL_TLS_SERVER_NAME');
  const verify = readBoolean(env, 'CONSUL_HTTP_SSL_VERIFY');
  if ((certFile === undefined) !== (keyFile === undefined)) {
    throw new InputError(
      certFile === undefined ? '-client-cert' : '-client-key',
      'certificate and key are needed together',
    );
  }

  const ca =
    caFile !== undefined ? readText(caFile, caFrom) : caPath !== undefined ? readFolder(caPath, caPathFrom) : undefined;
  const tls: ClientTls = {
    ...(ca !== undefined && { ca }),
    ...(certFile !== undefined && { cert: readText(certFile, certFrom) }),
    ...(keyFile !== undefined && { key: new Secret(readText(keyFile, keyFrom)) }),
    ...(serverName !== undefined && { serverName }),
    ...(verify !== undefined && { verify }),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

/** The value and where it came from, for messages. */
function pick(
  values: Partial<Values<ClientFlags>>,
  flag: 'ca-file' | 'ca-path' | 'client-cert' | 'client-key' | 'tls-server-name',
  env: Environment,
  variable: keyof Environment,
): [string | undefined, string] {
  return values[flag] ? [values[flag], `-${flag}`] : [env[variable] || undefined, variable];
}

/** A token file wins over a token that is written out, as in Consul. */
function tokenSource(
  values: Partial<Values<ClientFlags>>,
  env: Environment,
  fallback: string | undefined,
): (() => Secret | undefined) | undefined {
  const [file, from] = values['token-file']
    ? [values['token-file'], '-token-file']
    : [env.CONSUL_HTTP_TOKEN_FILE, 'CONSUL_HTTP_TOKEN_FILE'];
  if (file) {
    try {
      const read = watchedFile(file, (text) => new Secret(text.trim()));
      read();
      return read;
    } catch (error) {
      throw new InputError(from, messageOf(error), { cause: error });
    }
  }
  const written = values.token || env.CONSUL_HTTP_TOKEN || fallback;
  if (!written) return undefined;
  const token = new Secret(written);
  return () => token;
}

function readText(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new InputError(place, messageOf(error), { cause: error });
  }
}

function readFolder(path: string, place: string): string {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => readFileSync(join(path, entry.name), 'utf8'))
      .join('\n');
  } catch (error) {
    throw new InputError(place, messageOf(error), { cause: error });
  }
}
