/** A bound port or Unix socket: what every role has in common. */

import { lstatSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import { messageOf } from '../../base/index.ts';
import type { BindAddress, DataPlaneEvent } from '../data-plane.ts';
import { resetSocket } from './reset.ts';

export interface ListenerOptions {
  readonly name: string;
  readonly bind: BindAddress;
  readonly tell: (event: DataPlaneEvent) => void;
}

export interface RunningListener {
  /** Takes no new connections from now on. Resolves when those that were accepted are over. May be called again. */
  stop(): Promise<void>;
  /** Resets all that were accepted, whatever they are doing. */
  cut(): void;
}

/** Binds `server`, which nobody else binds or closes, and tells how that went. A failed bind is not tried again. */
export function startListener(server: net.Server, options: ListenerOptions): RunningListener {
  const { name, bind, tell } = options;
  const accepted = new Set<net.Socket>();
  let stopped = false;
  let mayBeStale = 'path' in bind;

  server.on('connection', (socket) => {
    accepted.add(socket);
    socket.once('close', () => accepted.delete(socket));
  });
  server.on('listening', () => {
    if (stopped)
      server.close(); // while the host was looked up
    else tell({ kind: 'listener bound', listener: name, address: boundAddress(server, bind) });
  });
  server.on('error', (error: NodeJS.ErrnoException) => {
    if (stopped) return;
    if (mayBeStale && error.code === 'EADDRINUSE' && 'path' in bind) {
      mayBeStale = false;
      return removeStale(bind.path, () => {
        if (!stopped) server.listen({ path: bind.path });
      });
    }
    const reason = `${messageOf(error)}${advice[error.code ?? ''] ?? ''}`;
    tell({ kind: 'listener failed', listener: name, reason, ...(error.code !== undefined && { code: error.code }) });
  });
  const drained = new Promise<void>((resolve) => server.once('close', resolve));
  server.listen('path' in bind ? { path: bind.path } : { host: bind.host, port: bind.port, backlog });

  return {
    stop: () => {
      stopped = true;
      if (server.listening) server.close();
      return accepted.size === 0 ? Promise.resolve() : drained;
    },
    cut: () => {
      for (const socket of accepted) resetSocket(socket);
    },
  };
}

/** Connections that the system holds while this process is busy; of a burst beyond it, the rest is tried again by its senders, later. */
const backlog = 4_096;

const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: ': another program listens there; stop it or take another port',
  EACCES: ': take a port above 1023, or give the process the right to bind this one',
  EADDRNOTAVAIL: ': no network interface of this machine has that address',
};

function boundAddress(server: net.Server, wanted: BindAddress): BindAddress {
  const address = server.address();
  return address === null || typeof address === 'string' ? wanted : { host: address.address, port: address.port };
}

/** Removes a Unix socket that a killed process has left behind. One that somebody answers at, or anything else, stays. */
function removeStale(path: string, then: () => void): void {
  const probe = net.connect({ path });
  probe.once('connect', () => {
    probe.destroy();
    then(); // binding fails once more, and that is told
  });
  probe.once('error', (error: NodeJS.ErrnoException) => {
    try {
      if (error.code === 'ECONNREFUSED' && lstatSync(path).isSocket()) unlinkSync(path);
    } catch {
      // It went away by itself, or may not be removed: binding once more tells which.
    }
    then();
  });
}
