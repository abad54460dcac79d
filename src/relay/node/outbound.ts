/** The outbound role: an application connects to a local port; an instance of the upstream is dialled for it, then another if need be. */

import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Cell, messageOf, type Runtime, startDeadline } from '../../base/index.ts';
import { dialAny, type Instance, type MtlsState, resetConnection } from '../../mtls/index.ts';
import type { DataPlaneEvent, OutboundListener } from '../data-plane.ts';
import type { Connections } from './connections.ts';
import type { Endpoints } from './endpoints.ts';
import { type RunningListener, startListener } from './listener.ts';
import { pipe } from './pipe.ts';
import { resetSocket } from './reset.ts';

export interface OutboundDeps {
  readonly connections: Connections;
  readonly runtime: Pick<Runtime, 'clock' | 'random'>;
  readonly tell: (event: DataPlaneEvent) => void;
  readonly state: Cell<MtlsState | undefined>;
  readonly endpoints: () => Endpoints;
}

export function startOutbound(name: string, listener: OutboundListener, deps: OutboundDeps): RunningListener {
  const { connections, tell } = deps;
  let open = 0;
  const server = net.createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true }, (socket) => {
    socket.on('error', () => undefined); // its close tells
    connections.accepted('outbound');
    if (open >= listener.maxConnections) {
      resetSocket(socket);
      return connections.refused(name, 'limit', 'too many connections');
    }
    open += 1;
    void handleApplication(socket, name, listener, deps).finally(() => {
      open -= 1;
    });
  });
  return startListener(server, { name, tell, bind: listener.bind });
}

/** Settles when the connection is over; never rejects. What fails ends by a reset. */
async function handleApplication(
  socket: net.Socket,
  name: string,
  listener: OutboundListener,
  deps: OutboundDeps,
): Promise<void> {
  const { connections } = deps;
  const endpoints = deps.endpoints();
  const given = new AbortController();
  socket.once('close', () => given.abort(new Error('the application left')));
  const deadline = startDeadline(listener.connectTimeout, () =>
    given.abort(new Error(`no connection within ${listener.connectTimeout} ms`)),
  );
  const reset = (): void => resetSocket(socket);

  try {
    const { instance, socket: dialled } = await dialUpstream(listener, given.signal, endpoints, deps);
    deadline.cancel();
    const far = { socket: dialled, reset: () => resetConnection(dialled) };
    const live = connections.open(
      { listener: name, role: 'outbound', peer: instance.spiffeId, upstream: listener.upstream, instance: instance.id },
      () => {
        reset();
        far.reset();
      },
    );
    connections.close(live, await pipe({ socket, reset }, far, live));
  } catch (error) {
    reset();
    connections.refused(name, 'dial', messageOf(error));
  } finally {
    deadline.cancel();
  }
}

async function dialUpstream(
  { upstream, connectTimeout }: OutboundListener,
  signal: AbortSignal,
  endpoints: Endpoints,
  { state, runtime: { clock, random } }: OutboundDeps,
): Promise<{ readonly instance: Instance; readonly socket: TLSSocket }> {
  const end = clock.now() + connectTimeout;
  const ours = await state.until((now) => now !== undefined, signal);
  const instances = await endpoints.known(signal);
  if (instances.length === 0) throw new Error(`${upstream} has no healthy instance`);
  try {
    return await dialAny(instances, ours, { signal, end, clock, random, loads: endpoints.loads });
  } catch (error) {
    if (!(error instanceof AggregateError)) throw error;
    throw new Error(`no instance of ${upstream} could be dialled: ${error.message}`, { cause: error });
  }
}
