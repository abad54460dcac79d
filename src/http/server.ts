/**
 * The HTTP server under agent and admin. The library reads requests and bodies and keeps the limits; which route answers, and every byte
 * of the answer, is decided in `answering.ts`, because clients compare both with Consul's.
 */

import { once } from 'node:events';
import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Closable, type CloseOptions, Closers, type Counter, type Runtime, startDeadline } from '../base/index.ts';
import type { AccessOptions } from './access-rules.ts';
import { Answering } from './answering.ts';
import { type ClientLimitOptions, ClientLimits } from './client-limits.ts';
import { bind, type ListenAddress } from './listen.ts';
import { OpenRequests } from './open-requests.ts';
import { HttpError, type Route } from './route.ts';

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
  /** Of one client address. Beyond it 429. Default: 200 connections and 1000 requests a second, and no limit for clients on this machine. */
  readonly perClient: ClientLimitOptions;
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
  perClient: {},
};

/** Accepts requests when it resolves. Throws an InputError when the address can't be bound. */
export async function startHttpServer(options: HttpServerOptions, runtime: Runtime): Promise<HttpServer> {
  const limits = { ...usualLimits, ...options.limits };
  const open = new OpenRequests(limits.requestsPerConnection);
  const answering = new Answering({ ...options, sendTime: limits.sendTime }, open, runtime.log);
  const app = createApp(limits, answering);
  const clients = new ClientLimits(limits.perClient, runtime.clock);
  const refused = runtime.metrics.counter('connect_http_refused_total', 'What one client had too much of.', ['what']);
  limitConnections(app.server, clients, refused);
  limitRequests(app, answering, clients, refused);
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

/** The server's own listener hears only of those that are accepted: it would read requests from the others. */
function limitConnections(server: Server, clients: ClientLimits, refused: Counter): void {
  const accept = server.listeners('connection') as ((socket: Socket) => void)[];
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    const { remoteAddress } = socket; // gone once the socket is closed
    const verdict = clients.enter(remoteAddress);
    socket.once('close', () => clients.leave(remoteAddress, verdict));
    if (verdict === 'accepted') {
      for (const listener of accept) listener.call(server, socket);
      return;
    }
    refused.add(1, { what: 'connections' });
    if (verdict === 'cut') socket.destroy();
    else sayTooMany(socket);
  });
}

/** What the client sends meanwhile is dropped: an answer is lost when its connection is closed with something unread. */
function sayTooMany(socket: Socket): void {
  const text = 'too many connections of this client; close some, or raise limits.http_max_conns_per_client';
  const head = [
    'Content-Type: text/plain; charset=utf-8',
    `Content-Length: ${text.length}`,
    'Retry-After: 1',
    'Connection: close',
  ];
  const deadline = startDeadline(1_000, () => socket.destroy());
  socket.once('close', () => deadline.cancel());
  socket.on('error', () => undefined);
  socket.on('end', () => socket.destroy());
  socket.resume();
  socket.end(`HTTP/1.1 429 Too Many Requests\r\n${head.join('\r\n')}\r\n\r\n${text}`);
}

/** Before the body is read. */
function limitRequests(app: FastifyInstance, answering: Answering, clients: ClientLimits, refused: Counter): void {
  app.addHook('onRequest', (request, reply, next) => {
    const seconds = clients.takeRequest(request.raw.socket.remoteAddress);
    if (seconds === 0) {
      next();
      return;
    }
    refused.add(1, { what: 'requests' });
    reply.hijack();
    const text = `too many requests of this client; ask again in ${seconds} s, or raise limits.http_max_request_rate_per_client`;
    const headers = { 'Retry-After': String(seconds), Connection: 'close' };
    answering.refuse(request.raw, reply.raw, request.originalUrl, new HttpError(429, text, headers));
  });
}

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
