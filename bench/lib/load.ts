/**
 * The client of the outbound proxy, in a process of its own. Takes one order over its channel, carries it out within its time limit,
 * and sends back what it measured. Times are milliseconds.
 */

import { once } from 'node:events';
import net from 'node:net';

export type Order =
  | { readonly kind: 'bulk'; readonly port: number; readonly bytes: number }
  | { readonly kind: 'requests'; readonly port: number; readonly connections: number; readonly requests: number }
  | { readonly kind: 'connections'; readonly port: number; readonly count: number; readonly atOnce: number }
  | { readonly kind: 'idle'; readonly port: number; readonly count: number }
  | { readonly kind: 'release' };

export interface Report {
  readonly wall: number;
  readonly failed: number;
  /** Of single connections: the time until the first byte came back. */
  readonly p50?: number;
  readonly p99?: number;
}

const held: net.Socket[] = [];

process.on('message', (order: Order) => {
  run(order).then(
    (report) => process.send?.({ report }),
    (error) => process.send?.({ error: String(error) }),
  );
});

async function run(order: Order): Promise<Report> {
  const began = performance.now();
  const report = (more: Partial<Report> = {}): Report => ({ wall: performance.now() - began, failed: 0, ...more });
  switch (order.kind) {
    case 'bulk':
      await bulk(order.port, order.bytes);
      return report();
    case 'requests':
      return requests(order.port, order.connections, order.requests);
    case 'connections':
      return connections(order.port, order.count, order.atOnce);
    case 'idle':
      held.push(...(await open(order.port, order.count, 16)));
      return report({ failed: order.count - held.length });
    case 'release':
      for (const socket of held.splice(0)) socket.destroy();
      return report();
  }
}

async function bulk(port: number, bytes: number): Promise<void> {
  const buffer = Buffer.alloc(256 * 1_024);
  let left = bytes;
  const done = Promise.withResolvers<void>();
  const socket = net.connect({
    port,
    host: '127.0.0.1',
    onread: {
      buffer,
      callback: (read) => {
        left -= read;
        if (left <= 0) socket.destroy();
        return true;
      },
    },
  });
  socket.once('error', done.reject);
  socket.once('close', () => (left <= 0 ? done.resolve() : done.reject(new Error(`closed with ${left} bytes to go`))));
  await once(socket, 'connect');
  socket.write('B');
  await done.promise;
}

/** All connections are open and have answered once before the clock starts. */
async function requests(port: number, count: number, total: number): Promise<Report> {
  const sockets = await open(port, count, 16, 'R');
  let left = total;
  const began = performance.now();
  const request = Buffer.alloc(64, 'q');
  await Promise.all(
    sockets.map(
      (socket) =>
        new Promise<void>((resolve, reject) => {
          let pending = 0;
          const ask = (): void => {
            if (left-- <= 0) {
              resolve();
              return;
            }
            pending = 1_024;
            socket.write(request);
          };
          socket.on('data', (data: Buffer) => {
            pending -= data.length;
            if (pending <= 0) ask();
          });
          socket.once('close', () => reject(new Error('closed while requests were under way')));
          ask();
        }),
    ),
  );
  const wall = performance.now() - began;
  for (const socket of sockets) socket.removeAllListeners('close').destroy();
  return { wall, failed: count - sockets.length };
}

async function connections(port: number, count: number, atOnce: number): Promise<Report> {
  const times: number[] = [];
  const began = performance.now();
  let left = count;
  let failed = 0;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) {
        const start = performance.now();
        const socket = await openOne(port, '1').catch(() => undefined);
        if (socket === undefined) failed += 1;
        else times.push(performance.now() - start);
        socket?.destroy();
      }
    }),
  );
  times.sort((a, b) => a - b);
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? Number.NaN;
  return { wall: performance.now() - began, failed, p50: at(0.5), p99: at(0.99) };
}

async function open(port: number, count: number, atOnce: number, kind: '1' | 'R' = '1'): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  let left = count;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left-- > 0) sockets.push(await openOne(port, kind));
    }),
  );
  return sockets;
}

/** A connection that has carried bytes both ways: every handshake on its path is done. */
async function openOne(port: number, kind: '1' | 'R'): Promise<net.Socket> {
  const socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  socket.once('error', failed.reject);
  socket.once('close', () => failed.reject(new Error('closed')));
  await Promise.race([once(socket, 'connect'), failed.promise]);
  let missing = kind === '1' ? 1 : 1_024;
  socket.write(kind === '1' ? '1' : Buffer.concat([Buffer.from('R'), Buffer.alloc(64, 'q')]));
  await Promise.race([
    new Promise<void>((resolve) => {
      const take = (data: Buffer): void => {
        missing -= data.length;
        if (missing > 0) return;
        socket.off('data', take);
        resolve();
      };
      socket.on('data', take);
    }),
    failed.promise,
  ]);
  return socket;
}
