import { connect } from 'node:net';
import type { Probe } from './probe.ts';

/** `host:port`, with brackets around an IPv6 address. A host with a NUL is none: Node throws where it should look it up. */
export function splitHostPort(target: string): { readonly host: string; readonly port: number } | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]\0]*)\]|([^:\0]*)):(\d{1,5})$/.exec(target) ?? [];
  if (port === undefined || Number(port) > 65535) return undefined;
  return { host: bracketed ?? plain ?? '', port: Number(port) };
}

/** Passing as soon as the connection is made. */
export const probeTcp: Probe = (definition, signal) => {
  const target = definition.tcp ?? '';
  const at = splitHostPort(target);
  if (at === undefined)
    return Promise.resolve({ status: 'critical', output: `dial tcp: address ${target}: expected host:port` });
  const { promise, resolve } = Promise.withResolvers<Awaited<ReturnType<Probe>>>();
  const socket = connect({ host: at.host === '' ? 'localhost' : at.host, port: at.port, signal });
  socket.once('connect', () => {
    resolve({ status: 'passing', output: `TCP connect ${target}: Success` });
    socket.destroy();
  });
  socket.once('error', (error) => {
    resolve({ status: 'critical', output: describeDialError(error, target, signal) });
  });
  return promise;
};

/** In the words of Go's dialer, which clients show and search for. */
export function describeDialError(error: Error & { code?: string }, target: string, signal: AbortSignal): string {
  if (signal.aborted) return `dial tcp ${target}: i/o timeout`;
  const { code = '' } = error;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${target.replace(/:\d+$/, '')}: no such host`;
  const reason = reasons[code];
  return reason === undefined ? `dial tcp ${target}: ${error.message}` : `dial tcp ${target}: connect: ${reason}`;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by peer',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network is unreachable',
  ETIMEDOUT: 'connection timed out',
};
