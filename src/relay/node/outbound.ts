/** The outbound role: an application connects to a local port; an instance of the upstream is dialled for it, then another if need be. */

import net from 'node:net';
import type { TLSSocket } from 'node:tls';
import { type Cell, messageOf, type Runtime, startDeadline } from '../../base/index.ts';
import { dialInstance, type Instance, type MtlsState, resetConnection } from '../../mtls/index.ts';
import type { DataPlaneEvent, OutboundListener } from '../data-plane.ts';
import { chooseInstance } from './balance.ts';
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
    const { instance, dialled } = await dialUpstream(listener, given.signal, endpoints, deps);
    deadline.cancel();
    const far = { socket: dialled, reset: () => resetConnection(dialled) };
    const live = connections.open(
      { listener: name, role: 'outbound', peer: instance.spiffeId, upstream: listener.upstream, instance: instance.id },
      () => {
        reset();
        far.reset();
      },
    );
    endpoints.opened(instance);
    connections.close(live, await pipe({ socket, reset }, far, live));
    endpoints.closed(instance);
  } catch (error) {
    reset();
    connections.refused(name, 'dial', messageOf(error));
  } finally {
    deadline.cancel();
  }
}

/** Tries each instance no more than once, and gives none so much time that nothing would be left for the next. */
async function dialUpstream(
  listener: OutboundListener,
  signal: AbortSignal,
  endpoints: Endpoints,
  { state, runtime }: OutboundDeps,
): Promise<{ readonly instance: Instance; readonly dialled: TLSSocket }> {
  const end = runtime.clock.now() + listener.connectTimeout;
  const ours = await state.until((now) => now !== undefined, signal);
  let left = await endpoints.known(signal);
  if (left.length === 0) throw new Error(`${listener.upstream} has no healthy instance`);
  const failures: string[] = [];
  for (;;) {
    const instance = chooseInstance(left, endpoints, runtime.random);
    if (instance === undefined)
      throw new Error(`every instance of ${listener.upstream} failed: ${failures.join('; ')}`);
    const share = (end - runtime.clock.now()) / Math.min(left.length, attempts);
    left = left.filter((other) => other !== instance);
    try {
      return { instance, dialled: await tryInstance(instance, ours, share, signal) };
    } catch (error) {
      if (signal.aborted) throw new Error([messageOf(signal.reason), ...failures].join('; '), { cause: error });
      endpoints.failed(instance);
      failures.push(messageOf(error));
    }
  }
}

/** An instance that doesn't answer at all may take no more than its share of so many. */
const attempts = 3;

async function tryInstance(
  instance: Instance,
  state: MtlsState,
  timeout: number,
  signal: AbortSignal,
): Promise<TLSSocket> {
  const trying = new AbortController();
  const giveUp = (): void => trying.abort(signal.reason);
  const deadline = startDeadline(timeout, () =>
    trying.abort(
      new Error(`${instance.id} at ${instance.host}:${instance.port}: no answer in ${Math.round(timeout)} ms`),
    ),
  );
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await dialInstance(instance, state, { signal: trying.signal });
  } finally {
    deadline.cancel();
    signal.removeEventListener('abort', giveUp);
  }
}
