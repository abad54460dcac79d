/** A socket for interfaces that want one at once: it is dialled while it is already held. */

import { Duplex } from 'node:stream';
import type { PeerSocket } from './dial.ts';

/** What is written waits for the dial; a dial that fails is the stream's error. */
export function lateSocket(dialling: Promise<PeerSocket>): Duplex {
  let socket: PeerSocket | undefined;
  return new Duplex({
    allowHalfOpen: true,
    construct(callback) {
      dialling.then((dialled) => {
        socket = dialled;
        dialled.on('data', (chunk) => {
          if (!this.push(chunk)) dialled.pause();
        });
        dialled.on('end', () => this.push(null));
        dialled.on('error', (error) => this.destroy(error));
        dialled.on('close', () => this.destroy());
        dialled.pause();
        callback();
      }, callback);
    },
    read() {
      socket?.resume();
    },
    write(chunk, encoding, callback) {
      socket?.write(chunk, encoding, callback);
    },
    final(callback) {
      socket?.end(callback);
    },
    destroy(error, callback) {
      socket?.destroy();
      callback(error);
    },
  });
}
