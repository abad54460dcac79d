import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { Probe, ProbeResult } from './probe.ts';
import { describeDialError, splitHostPort } from './tcp.ts';

/**
 * Sends one empty datagram. Any answer is passing, and so is none within the time, since many services never answer what they don't
 * understand; critical is what the network says nobody listens to.
 */
export const probeUdp: Probe = async (definition, signal) => {
  const target = definition.udp ?? '';
  const at = splitHostPort(target);
  if (at === undefined) return { status: 'critical', output: `dial udp: address ${target}: expected host:port` };
  const { promise, resolve } = Promise.withResolvers<ProbeResult>();
  const passing = (): void => resolve({ status: 'passing', output: `UDP connect ${target}: Success` });
  const socket = createSocket(isIPv6(at.host) ? 'udp6' : 'udp4');
  socket.on('error', (error) => {
    const output = describeDialError(error, target, never).replace('dial tcp', 'dial udp');
    resolve({ status: 'critical', output });
  });
  socket.once('message', passing);
  signal.addEventListener('abort', passing, { once: true });
  if (signal.aborted) passing();
  socket.connect(at.port, at.host || '127.0.0.1', () => socket.send(''));
  try {
    return await promise;
  } finally {
    signal.removeEventListener('abort', passing);
    socket.close();
  }
};

const never = new AbortController().signal;
