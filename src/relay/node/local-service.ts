import net from 'node:net';
import { messageOf, startDeadline } from '../../base/index.ts';
import type { DialAddress } from '../data-plane.ts';

/** A half-open socket without delay. Rejects with why it could not be had; `timeout` in milliseconds. */
export function dialLocalService(address: DialAddress, timeout: number, signal: AbortSignal): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const socket = net.connect({ ...address, allowHalfOpen: true, noDelay: true, keepAlive: true });
    const fail = (reason: unknown): void => {
      settle();
      socket.destroy();
      reject(reason);
    };
    const failed = (error: Error): void => fail(new Error(`the application: ${messageOf(error)}`));
    const abort = (): void => fail(signal.reason);
    const deadline = startDeadline(timeout, () =>
      fail(new Error(`the application did not accept within ${timeout} ms`)),
    );
    const settle = (): void => {
      deadline.cancel();
      signal.removeEventListener('abort', abort);
      socket.removeListener('error', failed);
    };
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', failed);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}
