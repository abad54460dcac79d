/**
 * The HTTP server under agent and admin. The library reads requests and bodies and keeps the limits; which route answers, and every byte
 * of the answer, is decided in `answering.ts`, because clients compare both with Consul's.
 */

import { once } from 'node:events';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Closable, type CloseOptions, Closers, type Runtime } from '../base/index.ts';
import type { AccessOptions } from './access-rules.ts';
import { Answering } from './answering.ts';
import { bind, type ListenAddress } from './listen.ts';
import { OpenRequests } from './open-requests.ts';
import type { Route } from './route.ts';

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  readonly listen: ListenAddress;
  /** On every answer of a route, except bare ones. */
  readonly commonHeaders?: Readonly<Record<string, string>>;
  /** Names besides `localhost` that a request on a loopback address may give as its `Host`. */
  readonly allowedHosts?: readonly string[];
  /** What is closed to requests, apart from what routes refuse. Default: nothing. */
  readonly access?: AccessOptions;
  readonly limits?: Partial<HttpLimits>;
}

export interface HttpLimits {
  /** Bytes of a request's body; beyond it 413. Default 1 MiB. */
  readonly body: number;
  /** Bytes of a request line and its headers; beyond it 431. Default 32 KiB. */
  readonly headers: number;
  /** Open connections; further ones are closed at once. Default 20 000. */
  readonly connections: number;
  /** Requests of one connection that wait for their answers; a client that sends more loses it. Default 64. */
  readonly requestsPerConnection: number;
  /** Milliseconds in which a whole request must have arrived. Default 30 s. */
  readonly receiveTime: number;
  /** Milliseconds in which an answer must have been taken. Default 60 s. */
  readonly sendTime: number;
}

export interface HttpServer extends Closable {
  /** With the port that was bound where 0 was asked for. */
  readonly address: ListenAddress;
}

const usualLimits: HttpLimits = {
  body: 1 << 20,
  headers: 32 << 10,
  connections: 20_000,
  requestsPerConnection: 64,
  receiveTime: 30_000,
  sendTime: 60_000,
};

/** Accepts requests when it resolves. Throws an InputError when the address can't be bound. */
export async function startHttpServer(options: HttpServerOptions, runtime: Runtime): Promise<HttpServer> {
  const limits = { ...usualLimits, ...options.limits };
  const open = new OpenRequests(limits.requestsPerConnection);
  const answering = new Answering({ ...options, sendTime: limits.sendTime }, open, runtime.log);
  const app = createApp(limits, answering);
  await using starting = new Closers();
  starting.add(closableOf(app, open));
  await app.ready();
  const address = await bind(app.server, options.listen);
  const owned = starting.release();
  return {
    address,
    close: (closing) => owned.close(closing),
    [Symbol.asyncDispose]: () => owned.close(),
  };
}

/** One path stands for all, so that neither path nor query is the library's business. */
const onlyPath = '/';

function createApp(limits: HttpLimits, answering: Answering): FastifyInstance {
  const app = fastify({
    bodyLimit: limits.body,
    http: {
      maxHeaderSize: limits.headers,
      connectionsCheckingInterval: Math.min(5_000, limits.receiveTime),
      headersTimeout: limits.receiveTime,
    },
    requestTimeout: limits.receiveTime,
    keepAliveTimeout: 120_000,
    return503OnClosing: false,
    rewriteUrl: () => onlyPath,
    clientErrorHandler: refuseBrokenRequest,
  });
  app.server.maxConnections = limits.connections;
  app.server.maxHeadersCount = 200;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.addHook('onRequest', (request, _reply, next) => {
    // What a body is called does not matter here, and the library refuses what it can't read.
    delete request.raw.headers['content-type'];
    next();
  });
  const handle = (request: FastifyRequest, reply: FastifyReply): void => {
    reply.hijack();
    answering.answer(request.raw, reply.raw, request.originalUrl, Buffer.isBuffer(request.body) ? request.body : none);
  };
  app.all(onlyPath, handle);
  app.setNotFoundHandler(handle); // methods that the library does not know
  app.setErrorHandler((error, request, reply) => {
    reply.hijack();
    answering.refuse(request.raw, reply.raw, request.originalUrl, error);
  });
  return app;
}

const none = Buffer.alloc(0);

/** Blocking queries would keep the library's own `close` waiting for ever: they are ended first, and what is under way may finish. */
function closableOf(app: FastifyInstance, open: OpenRequests): Closable {
  const close = async ({ signal }: CloseOptions = {}): Promise<void> => {
    await open.end(signal);
    const closed = once(app.server, 'close');
    const isListening = app.server.listening;
    app.server.close();
    app.server.closeAllConnections();
    if (isListening) await closed;
    await app.close();
  };
  return { close, [Symbol.asyncDispose]: () => close() };
}

/** What could not even be read as a request. */
function refuseBrokenRequest(
  error: Error & { code?: string },
  socket: { writable: boolean; end(data: string): unknown; destroy(): unknown },
): void {
  const refusal =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? '431 Request Header Fields Too Large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : '400 Bad Request';
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else {
    socket.end(
      `HTTP/1.1 ${refusal}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${refusal.length}\r\nConnection: close\r\n\r\n${refusal}`,
    );
  }
}
