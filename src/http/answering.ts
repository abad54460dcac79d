/** From a request that has arrived to the answer that goes out. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Log, startDeadline } from '../base/index.ts';
import { type AccessOptions, AccessRules } from './access-rules.ts';
import { dispatch, isBare } from './dispatch.ts';
import { refusalOf } from './local-guard.ts';
import type { OpenRequest, OpenRequests } from './open-requests.ts';
import { acceptsGzip, encodeReply, replyOfError } from './respond.ts';
import { HttpError, type HttpReply, type HttpRequest, type Route } from './route.ts';
import { type Match, parseTarget, Router, type Target } from './router.ts';

export interface AnsweringOptions {
  readonly routes: readonly Route[];
  readonly commonHeaders?: Readonly<Record<string, string>>;
  readonly allowedHosts?: readonly string[];
  readonly access?: AccessOptions;
  readonly sendTime: number;
}

/** A request's target and the route that it finds. */
interface Exchange {
  readonly raw: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: Target | { readonly refused: 400 | 500 };
  readonly match: Match | undefined;
}

export class Answering {
  readonly #options: AnsweringOptions;
  readonly #router: Router;
  readonly #rules: AccessRules;
  readonly #open: OpenRequests;
  readonly #log: Log;

  constructor(options: AnsweringOptions, open: OpenRequests, log: Log) {
    this.#options = options;
    this.#router = new Router(options.routes);
    this.#rules = new AccessRules(options.access ?? { blockedPaths: [], writersFrom: [] });
    this.#open = open;
    this.#log = log;
  }

  /** Sends the route's reply, now or when it is there. */
  answer(raw: IncomingMessage, response: ServerResponse, url: string, body: Buffer): void {
    const open = this.#open.add(raw, response);
    if (open === undefined) return; // too many of one client: its connection is gone
    const exchange = this.#exchangeOf(raw, response, url);
    this.#decide(exchange, body, open)
      .then((reply) => this.#send(exchange, reply))
      .catch((error: unknown) => this.#send(exchange, replyOfError(error, this.#log)));
  }

  /** For a body that is too large, broken or cut off, and for a client that asks too often. */
  refuse(raw: IncomingMessage, response: ServerResponse, url: string, error: unknown): void {
    const { statusCode: status = 500, message } = error as { readonly statusCode?: number; readonly message: string };
    const isMeant = error instanceof HttpError || status >= 500;
    const shown = isMeant ? error : new HttpError(status, message, { Connection: 'close' });
    this.#send(this.#exchangeOf(raw, response, url), replyOfError(shown, this.#log));
  }

  async #decide({ raw, target, match }: Exchange, body: Buffer, open: OpenRequest): Promise<HttpReply> {
    const refusal = refusalOf(raw.socket.localAddress, raw.headers, this.#options.allowedHosts ?? []);
    if (refusal !== undefined) throw new HttpError(403, refusal);
    const caller = { rules: this.#rules, address: raw.socket.remoteAddress };
    const asked = { method: raw.method ?? '', target, match, caller };
    return dispatch(asked, (known, rest) => requestOf(raw, known, rest, body, open));
  }

  #exchangeOf(raw: IncomingMessage, response: ServerResponse, url: string): Exchange {
    const target = parseTarget(url);
    const match = 'refused' in target ? undefined : this.#router.match(target.decodedPath);
    return { raw, response, target, match };
  }

  #send({ raw, response, target, match }: Exchange, reply: HttpReply): void {
    if (response.destroyed) return;
    const bare = isBare(match, reply);
    const { status, headers, body } = encodeReply(reply, {
      pretty: 'query' in target && target.query.has('pretty'),
      gzip: !bare && acceptsGzip(raw.headers['accept-encoding'] as string | undefined),
    });
    const common = bare ? {} : { ...this.#options.commonHeaders, Vary: 'Accept-Encoding' };
    const ending = this.#open.isEnding ? { Connection: 'close' } : {};
    response.writeHead(status, { ...common, ...headers, ...ending });
    response.end(body);
    if (raw.socket.writableLength > 0) this.#limitSending(raw, response);
  }

  /** A client that does not take its answer loses it: the bytes are kept for no longer than that. */
  #limitSending({ socket }: IncomingMessage, response: ServerResponse): void {
    const deadline = startDeadline(this.#options.sendTime, () => socket.destroy());
    response.once('close', () => deadline.cancel());
  }
}

function requestOf(
  raw: IncomingMessage,
  { path, query }: Target,
  rest: string,
  body: Buffer,
  open: OpenRequest,
): HttpRequest {
  return {
    method: raw.method ?? '',
    path,
    rest,
    query,
    headers: raw.headers as HttpRequest['headers'],
    body,
    remoteAddress: raw.socket.remoteAddress ?? '',
    get signal(): AbortSignal {
      return open.signal;
    },
  };
}
