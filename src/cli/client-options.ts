/** Where the agent is and how to prove who asks, from flags and from Consul's environment variables. A flag wins. */

import { type ClientOptions, clientOptionsFrom, type Given } from '../api/index.ts';
import { type Runtime, Secret } from '../base/index.ts';
import type { ClientFlags } from './client-flags.ts';
import type { Environment } from './command.ts';
import type { Values } from './flags.ts';

/** Throws InputError that names the flag or variable. `fallbackToken` is used where no other token is given. */
export function clientOptions(
  values: Partial<Values<ClientFlags>>,
  env: Environment,
  runtime: Runtime,
  fallbackToken?: string,
): ClientOptions {
  const flag = (name: keyof ClientFlags & string): Given | undefined => {
    const value = values[name];
    return typeof value === 'string' && value !== '' ? { value, place: `-${name}` } : undefined;
  };
  const options = clientOptionsFrom(env, {
    address: flag('http-addr'),
    token: flag('token'),
    tokenFile: flag('token-file'),
    caFile: flag('ca-file'),
    caPath: flag('ca-path'),
    certFile: flag('client-cert'),
    keyFile: flag('client-key'),
    serverName: flag('tls-server-name'),
  });
  const fallback = fallbackToken === undefined ? undefined : new Secret(fallbackToken);
  return {
    ...options,
    runtime,
    ...(!options.token && fallback && { token: () => fallback }),
    ...(values.datacenter && { datacenter: values.datacenter }),
  };
}
