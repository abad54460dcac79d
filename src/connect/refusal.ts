import type { TLSSocket } from 'node:tls';
import type { Instance } from '../mtls/index.ts';
import { ConnectError } from './errors.ts';

/**
 * With TLS 1.3 a dial succeeds before the far end has decided. When it then ends the connection before its first byte, the socket's
 * error becomes one that says so; later errors stay what they are.
 */
export function explainRefusal(socket: TLSSocket, target: string, instance: Instance): void {
  const destroy = socket.destroy.bind(socket);
  socket.destroy = (error?: Error) => destroy(error && isRefusal(socket, error) ? refused(error) : error);

  function refused(cause: Error): ConnectError {
    const where = `${instance.id} at ${instance.host}:${instance.port}`;
    const message = `${target} (${where}) ended the connection before its first byte; most often its intentions do not allow us`;
    return new ConnectError('REFUSED_BY_PEER', message, { cause });
  }
}

/** Ours and Envoy reset, Go sends an alert. */
function isRefusal(socket: TLSSocket, error: NodeJS.ErrnoException): boolean {
  if (socket.readableDidRead || socket.readableLength > 0) return false;
  return error.code === 'ECONNRESET' || error.code === 'EPIPE' || /^ERR_SSL_.*ALERT/.test(error.code ?? '');
}
