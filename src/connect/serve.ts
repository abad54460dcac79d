/** A server that hands over callers as sockets. */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Closable, CloseOptions } from '../base/index.ts';
import { acceptCallers, type CallerSocket, type ServeOptions } from './callers.ts';
import type { Ground } from './ground.ts';
import { type Withdraw, withdraw } from './service-state.ts';

export interface CallerServer extends Closable {
  /** Port 0, the default, takes a free one. All addresses, when no host is given. */
  listen(port?: number, host?: string): Promise<AddressInfo>;
}

export function serve(ground: Ground, options: ServeOptions, handler: (socket: CallerSocket) => void): CallerServer {
  const callers = acceptCallers(ground, options, handler);
  const { server } = callers.peers;
  let announced: Promise<Withdraw> | undefined;
  let closing: Promise<void> | undefined;

  const listen = async (port = 0, host?: string): Promise<AddressInfo> => {
    await once(server.listen(port, host), 'listening');
    const address = server.address() as AddressInfo;
    announced = ground.state.announce?.(address.port);
    await announced;
    return address;
  };
  const close = ({ signal }: CloseOptions = {}): Promise<void> => {
    closing ??= end();
    if (signal?.aborted) callers.resetAll();
    else signal?.addEventListener('abort', callers.resetAll, { once: true });
    return closing;
  };
  const end = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await withdraw(announced);
    await closed;
    callers.close();
  };
  return { listen, close, [Symbol.asyncDispose]: () => close() };
}
