/**
 * Keeps web pages away from a server on a loopback address. A page in the user's browser can send requests there, and a name that it
 * owns may come to mean 127.0.0.1; such requests carry a foreign `Origin`, or a `Host` that is a name.
 */

import { isIP } from 'node:net';
import { isLoopback, plainAddress } from './peer-address.ts';

/** Why the request is refused, or undefined. `localAddress` is the end of the connection that is ours; undefined on a Unix socket. */
export function refusalOf(
  localAddress: string | undefined,
  headers: { readonly host?: string | undefined; readonly origin?: string | undefined },
  allowedHosts: readonly string[],
): string | undefined {
  if (localAddress === undefined || !isLoopback(plainAddress(localAddress))) return undefined;
  const { host, origin } = headers;
  if (host !== undefined && !isOwnHost(hostName(host), allowedHosts)) {
    return `Host ${JSON.stringify(host)} is not an IP address, localhost or an allowed host name`;
  }
  if (origin !== undefined && origin.toLowerCase() !== `http://${host?.toLowerCase()}`) {
    return `Origin ${JSON.stringify(origin)} is not this server`;
  }
  return undefined;
}

function isOwnHost(name: string, allowed: readonly string[]): boolean {
  return isIP(name) !== 0 || name === 'localhost' || allowed.some((own) => own.toLowerCase() === name);
}

/** Lower case, without port, brackets and the dot of a full name. */
function hostName(host: string): string {
  const name = host.startsWith('[') ? host.slice(1, host.lastIndexOf(']')) : host.replace(/:\d*$/, '');
  return name.toLowerCase().replace(/\.$/, '');
}
