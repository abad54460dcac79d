import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Probe, ProbeResult } from './probe.ts';
import { describeDialError, splitHostPort } from './tcp.ts';

/**
 * Sends one empty datagram. Any answer is passing, and so is none within the time, since many services never answer what they don't
 * understand; critical is what the network says nobody listens to, and a name that is not found in the time.
 */
export const probeUdp: Probe = async (definition, signal) => {
  const target = definition.udp ?? '';
  const at = splitHostPort(target);
  if (at === undefined || at.port === 0)
    return { status: 'critical', output: `dial udp: address ${target}: expected host:port` };
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const socket = createSocket(isIPv6(at.host) ? 'udp6' : 'udp4');
  let isSent = false;
  const pass = (): void => resolve({ status: 'passing', output: `UDP connect ${target}: Success` });
  const fail = (error: Error): void => {
    const output = describeDialError(error, target, signal).replace('dial tcp', 'dial udp');
    resolve({ status: 'critical', output });
  };
  const stop = (): void => (isSent ? pass() : fail(signal.reason as Error));
  socket.on('error', fail);
  socket.once('message', pass);
  socket.once('connect', () => {
    isSent = true;
    socket.send('');
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // No callback: it would be called with what failed too.
  else socket.connect(at.port, at.host || '127.0.0.1');
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.close();
  }
};
