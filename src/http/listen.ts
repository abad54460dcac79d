/** Binding a server to an address, with errors that say what to do. */

import { once } from 'node:events';
import { rmSync, statSync } from 'node:fs';
import { type AddressInfo, connect, type Server } from 'node:net';
import { InputError, messageOf } from '../base/index.ts';

/** A TCP address (port 0: any free one) or the path of a Unix socket. */
export type ListenAddress = TcpAddress | { readonly path: string };

export interface TcpAddress {
  readonly host: string;
  readonly port: number;
}

/** The address that was bound. Throws an InputError that names it. */
export async function bind(server: Server, wanted: ListenAddress): Promise<ListenAddress> {
  try {
    if ('path' in wanted) await replaceDeadSocket(wanted.path);
    await listen(server, wanted);
  } catch (error) {
    throw new InputError('', `can't listen on ${formatListenAddress(wanted)}: ${reasonOf(error)}`, { cause: error });
  }
  if ('path' in wanted) return wanted;
  return { host: wanted.host, port: (server.address() as AddressInfo).port };
}

export function formatListenAddress(address: ListenAddress): string {
  if ('path' in address) return `unix://${address.path}`;
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Only this user may connect to a path: the file is made with that mode, by the call of `listen` itself. */
function listen(server: Server, address: ListenAddress): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once('error', reject);
  const mask = 'path' in address ? process.umask(0o177) : undefined;
  server.listen({ ...address, exclusive: true }, () => {
    server.off('error', reject);
    resolve();
  });
  if (mask !== undefined) process.umask(mask);
  return promise;
}

/** Removes the file that a killed server left behind; one that still answers stays, and binding fails. */
async function replaceDeadSocket(path: string): Promise<void> {
  if (statSync(path, { throwIfNoEntry: false })?.isSocket() && !(await isAnswered(path))) rmSync(path);
}

async function isAnswered(path: string): Promise<boolean> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return 'the address is in use by another program; stop it or choose another port';
    case 'EACCES':
      return 'permission denied; ports below 1024 and others’ folders need rights of their own';
    case 'EADDRNOTAVAIL':
      return 'this machine has no such address';
    case 'ENOTFOUND':
      return 'the name is not known';
    default:
      return messageOf(error);
  }
}
