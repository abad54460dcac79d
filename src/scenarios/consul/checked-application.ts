/** What checks look at: an application that is well, ill or away on command, by HTTP or by gRPC's health service. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createHttp2Server, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Closable } from '../../base/index.ts';

export interface CheckedApplication extends Closable {
  /** The same while it is away. */
  readonly port: number;
  /** From the next question on. `away`: nobody listens. */
  become(mood: string): Promise<void>;
}

/** Answers with a status code, tells how often it was asked since it is like that, `cut`s the connection, or is `silent`. */
export function startHttpApplication(): Promise<CheckedApplication> {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    if (mood === 'cut') response.socket?.destroy();
    else if (mood !== 'silent') response.writeHead(Number(mood)).end(`answer ${asked}`);
  });
  let mood = '200';
  return startApplication(server, (next) => {
    mood = next;
    asked = 0;
  });
}

/** Says that it is `serving` or `not serving`, or that it knows no such service: `unknown`. */
export function startGrpcApplication(): Promise<CheckedApplication> {
  let mood = 'serving';
  const server = createHttp2Server();
  server.on('stream', (stream) => answerHealth(stream, mood));
  return startApplication(server, (next) => {
    mood = next;
  });
}

/** Source: gRPC, "GRPC Health Checking Protocol"; gRPC over HTTP/2. */
function answerHealth(stream: ServerHttp2Stream, mood: string): void {
  stream.on('error', () => undefined).resume();
  const headers = { ':status': 200, 'content-type': 'application/grpc' };
  if (mood === 'unknown') {
    stream.respond({ ...headers, 'grpc-status': '5', 'grpc-message': 'no such service' }, { endStream: true });
    return;
  }
  stream.respond(headers, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(Buffer.from([0, 0, 0, 0, 2, 8, mood === 'serving' ? 1 : 2]));
}

async function startApplication(
  server: Server | Http2Server,
  setMood: (mood: string) => void,
): Promise<CheckedApplication> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('close', () => sockets.delete(socket));
  });
  const listen = async (port: number): Promise<void> => {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  };
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    become: async (mood) => {
      setMood(mood);
      if (mood === 'away') await close();
      else if (!server.listening) await listen(port);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
