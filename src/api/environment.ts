/**
 * Where the agent is and how to prove who asks, from Consul's environment variables and from what was said more directly, which wins.
 * Whoever calls this has the environment; nothing here reads it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, messageOf, Secret } from '../base/index.ts';
import type { ClientOptions } from './client.ts';
import type { ClientTls } from './transport.ts';
import { watchedFile } from './watched-file.ts';

/** What can be said more directly, by the variable that says the same. */
const variables = {
  address: 'CONSUL_HTTP_ADDR',
  token: 'CONSUL_HTTP_TOKEN',
  tokenFile: 'CONSUL_HTTP_TOKEN_FILE',
  caFile: 'CONSUL_CACERT',
  caPath: 'CONSUL_CAPATH',
  certFile: 'CONSUL_CLIENT_CERT',
  keyFile: 'CONSUL_CLIENT_KEY',
  serverName: 'CONSUL_TLS_SERVER_NAME',
} as const;

export type Setting = keyof typeof variables;

/** A value and where it was written, for messages: `-ca-file`. */
export interface Given {
  readonly value: string;
  readonly place: string;
}

export type ClientEnvironment = {
  readonly [Name in (typeof variables)[Setting] | 'CONSUL_HTTP_AUTH' | 'CONSUL_HTTP_SSL' | 'CONSUL_HTTP_SSL_VERIFY']?:
    | string
    | undefined;
};

/** Throws `InputError` that names the place. Files are read here; a token file again whenever it has changed. */
export function clientOptionsFrom(
  env: ClientEnvironment,
  said: Partial<Readonly<Record<Setting, Given | undefined>>> = {},
): Omit<ClientOptions, 'runtime'> {
  const pick = (setting: Setting): Given | undefined => {
    const place = variables[setting];
    const value = env[place];
    return said[setting] ?? (value ? { value, place } : undefined);
  };
  const tls = tlsOptions(pick, readBoolean(env, 'CONSUL_HTTP_SSL_VERIFY'));
  const token = tokenSource(pick('token'), pick('tokenFile'));
  const auth = env.CONSUL_HTTP_AUTH;
  return {
    address: addressOf(pick('address')?.value ?? '127.0.0.1:8500', readBoolean(env, 'CONSUL_HTTP_SSL') ?? false),
    ...(token && { token }),
    ...(tls && { tls }),
    ...(auth && { auth: new Secret(auth) }),
  };
}

/** Without a scheme of its own, or with plain http, an address becomes https when the environment asks for TLS. */
function addressOf(text: string, useTls: boolean): string {
  const [, scheme] = /^([a-z]+):\/\//i.exec(text) ?? [];
  if (scheme !== undefined && !/^(?:http|https|unix)$/i.test(scheme)) {
    throw new InputError('', `Unknown protocol scheme: ${scheme}`);
  }
  return !useTls || scheme === 'https' || scheme === 'unix' ? text : `https://${text.replace(/^http:\/\//i, '')}`;
}

function tlsOptions(pick: (setting: Setting) => Given | undefined, verify: boolean | undefined): ClientTls | undefined {
  const [caFile, caPath, cert, key] = [pick('caFile'), pick('caPath'), pick('certFile'), pick('keyFile')];
  if ((cert === undefined) !== (key === undefined))
    throw new InputError((cert ?? key)?.place ?? '', 'certificate and key are needed together');
  const serverName = pick('serverName')?.value;
  const tls: ClientTls = {
    ...(caFile ? { ca: readText(caFile) } : caPath && { ca: readFolder(caPath) }),
    ...(cert && { cert: readText(cert) }),
    ...(key && { key: new Secret(readText(key)) }),
    ...(serverName !== undefined && { serverName }),
    ...(verify !== undefined && { verify }),
  };
  return Object.keys(tls).length === 0 ? undefined : tls;
}

/** A file wins over a token that is written out, wherever either comes from, as in Consul. */
function tokenSource(token: Given | undefined, file: Given | undefined): (() => Secret) | undefined {
  if (file !== undefined) {
    const read = watchedFile(file.value, (text) => new Secret(text.trim()));
    readAt(file, read);
    return read;
  }
  if (token === undefined) return undefined;
  const secret = new Secret(token.value);
  return () => secret;
}

/** As Go reads it. */
function readBoolean(env: ClientEnvironment, name: 'CONSUL_HTTP_SSL' | 'CONSUL_HTTP_SSL_VERIFY'): boolean | undefined {
  const text = env[name];
  if (!text) return undefined;
  if (/^(?:1|t|T|true|TRUE|True)$/.test(text)) return true;
  if (/^(?:0|f|F|false|FALSE|False)$/.test(text)) return false;
  throw new InputError(name, `expected true or false, found ${JSON.stringify(text)}`);
}

function readText(given: Given): string {
  return readAt(given, () => readFileSync(given.value, 'utf8'));
}

function readFolder(given: Given): string {
  return readAt(given, () =>
    readdirSync(given.value, { withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isSymbolicLink())
      .map((entry) => readFileSync(join(given.value, entry.name), 'utf8'))
      .join('\n'),
  );
}

/** What `read` gives; a failure names the place where the path was written. */
function readAt<T>({ place }: Given, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new InputError(place, messageOf(error), { cause: error });
  }
}
