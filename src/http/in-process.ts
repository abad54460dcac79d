/** The same routes without a socket: a request is a call. For programs that have an agent inside. */

import type { Closable, CloseOptions, Log } from '../base/index.ts';
import { dispatch, isBare } from './dispatch.ts';
import { encodeReply, replyOfError } from './respond.ts';
import type { HttpReply, HttpRequest, Route } from './route.ts';
import { parseTarget, Router } from './router.ts';

export interface InProcessOptions {
  readonly routes: readonly Route[];
  /** On every answer of a route, except bare ones. */
  readonly commonHeaders?: Readonly<Record<string, string>>;
}

export interface InProcessServer extends Closable {
  /**
   * Answers as a server would that the global `fetch` asks. Takes a path with its query, or a URL of which only these count. Rejects with
   * the signal's reason when `init.signal` aborts first, and after `close`.
   */
  fetch(path: string | URL, init?: RequestInit): Promise<Response>;
}

export function startInProcessServer(options: InProcessOptions, log: Log): InProcessServer {
  const router = new Router(options.routes);
  const closing = new AbortController();
  const open = new Set<Promise<unknown>>();

  const answer = async (request: Request): Promise<Response> => {
    const body = Buffer.from(await request.arrayBuffer());
    const { pathname, search } = new URL(request.url);
    const target = parseTarget(pathname + search);
    const match = 'refused' in target ? undefined : router.match(target.decodedPath);
    const asked = { method: request.method, target, match };
    const signal = AbortSignal.any([request.signal, closing.signal]);
    const reply = await replyTo(async () =>
      dispatch(asked, ({ path, query }, rest): HttpRequest => {
        const headers = Object.fromEntries(request.headers);
        return { method: request.method, path, rest, query, headers, body, remoteAddress: '127.0.0.1', signal };
      }),
    );
    request.signal.throwIfAborted();
    const pretty = 'query' in target && target.query.has('pretty');
    const common = isBare(match, reply) ? {} : options.commonHeaders;
    return responseOf(encodeReply(reply, { pretty, gzip: false }), common);
  };

  const replyTo = async (handle: () => Promise<HttpReply>): Promise<HttpReply> => {
    try {
      return await handle();
    } catch (error) {
      return replyOfError(error, log);
    }
  };

  const close = async ({ signal }: CloseOptions = {}): Promise<void> => {
    closing.abort(new Error('the agent is closed'));
    const { promise: cut, resolve } = Promise.withResolvers<void>();
    if (signal?.aborted) resolve();
    else signal?.addEventListener('abort', () => resolve(), { once: true });
    await Promise.race([cut, Promise.allSettled(open)]);
  };

  return {
    fetch: async (path, init) => {
      closing.signal.throwIfAborted();
      const answering = answer(new Request(new URL(path, 'http://localhost'), init));
      open.add(answering);
      try {
        return await answering;
      } finally {
        open.delete(answering);
      }
    },
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function responseOf(
  { status, headers, body }: ReturnType<typeof encodeReply>,
  common: Readonly<Record<string, string>> | undefined,
): Response {
  // Some statuses have no body, and the constructor insists on it.
  const content = status === 204 || status === 304 ? null : new Uint8Array(body);
  return new Response(content, { status, headers: { ...common, ...headers } });
}
