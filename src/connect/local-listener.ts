/** A local port for clients that only take host and port: each of its connections becomes one to the target. */

import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Closable, type CloseOptions, messageOf } from '../base/index.ts';
import { resetConnection } from '../mtls/index.ts';
import type { Dialer } from './dial.ts';
import type { Ground } from './ground.ts';
import { readTarget, type Target } from './target.ts';

export interface LocalListenerOptions {
  readonly port: number;
  /** Default 127.0.0.1: whoever can connect there speaks with our identity. */
  readonly host?: string;
  /** Default 1024; what comes beyond is closed. */
  readonly maxConnections?: number;
}

export interface LocalListener extends Closable {
  readonly address: AddressInfo;
}

export async function listenLocally(
  ground: Ground,
  dialer: Dialer,
  target: Target,
  { port, host = '127.0.0.1', maxConnections = 1_024 }: LocalListenerOptions,
): Promise<LocalListener> {
  const read = readTarget(target);
  const log = ground.runtime.log.with({ service: ground.state.service, target });
  const open = new Set<net.Socket>();
  const drainOver = new AbortController();

  const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    open.add(client);
    client.on('error', () => undefined); // its close tells
    client.once('close', () => open.delete(client));
    void carry(client).catch((error) => log.info('connection to the mesh failed', { error: messageOf(error) }));
  });
  server.maxConnections = maxConnections;
  await once(server.listen(port, host), 'listening');

  async function carry(client: net.Socket): Promise<void> {
    const gone = new AbortController();
    client.once('close', () => gone.abort());
    try {
      const far = await dialer.dialRead(read, { signal: AbortSignal.any([gone.signal, drainOver.signal]) });
      join(client, far);
    } catch (error) {
      client.resetAndDestroy();
      throw error;
    }
  }

  let closing: Promise<void> | undefined;
  const cut = (): void => {
    drainOver.abort(new Error('the drain is over'));
    for (const client of [...open]) client.resetAndDestroy();
  };
  const close = ({ signal }: CloseOptions = {}): Promise<void> => {
    closing ??= new Promise<void>((resolve) => server.close(() => resolve()));
    if (signal?.aborted) cut();
    else signal?.addEventListener('abort', cut, { once: true });
    return closing;
  };
  return { address: server.address() as AddressInfo, close, [Symbol.asyncDispose]: () => close() };
}

/** Bytes both ways, an end on one side passed on as an end. What fails ends by a reset of both, so that nobody takes it for an answer. */
function join(client: net.Socket, far: TLSSocket): void {
  const reset = (): void => {
    client.resetAndDestroy();
    resetConnection(far);
  };
  for (const socket of [client, far]) {
    socket.on('error', reset);
    socket.once('close', () => {
      if (!socket.readableEnded || !socket.writableFinished) reset();
    });
  }
  client.pipe(far).pipe(client);
  if (client.destroyed || far.destroyed) reset();
}
