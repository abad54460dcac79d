/**
 * Reads that wait for change. A handler says what it reads and on which topics that depends; here is decided when the answer goes out:
 * by index (`X-Consul-Index`), by content hash (`X-Consul-Contenthash`), or at once.
 * Source: Consul HTTP API, "Blocking Queries".
 */

import { parseDuration } from '../../base/index.ts';
import { HttpError, type HttpReply, type HttpRequest, Json } from '../../http/index.ts';
import { cacheHeaders, wasReadBefore } from './agent-cache.ts';
import { type Consistency, parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { type Found, type Reading, readAgain, readNow } from './reading.ts';
import { isOnDisk } from './settled.ts';

const longestWait = 600_000;
const usualWait: Readonly<Record<IndexedOptions['style'], number>> = { server: 300_000, 'agent-cache': 600_000 };

export interface IndexedOptions {
  /** `server`: the wait is stretched by a random 16th at most. `agent-cache`: exactly the wait, and `X-Cache` says whether there was one. */
  readonly style: 'server' | 'agent-cache';
  /**
   * Of the style `server`: `?cached` asks for the agent's cache, and `X-Cache` is sent then; elsewhere it is ignored. `and blocking`: reads
   * with an index go into the cache too, without saying so.
   */
  readonly cache?: 'when asked' | 'when asked, and blocking';
  /** Sends `X-Consul-Effective-Consistency`. */
  readonly consistency?: boolean;
  /** `X-Consul-Knownleader`, true unless said otherwise. `absent`: neither this header nor `X-Consul-Lastcontact` is sent. */
  readonly knownLeader?: boolean | 'absent';
}

/** `index` 0 and an empty `hash` mean: answer at once. Throws HttpError 400 when one of the parameters is malformed. */
export function parseBlocking(request: HttpRequest): { index: number; wait: number | undefined; hash: string } {
  const waitText = request.query.get('wait') ?? '';
  const wait = waitText === '' ? undefined : parseDuration(waitText);
  if (waitText !== '' && wait === undefined) throw new HttpError(400, 'Invalid wait time');
  const indexText = request.query.get('index') ?? '';
  if (!/^\d*$/.test(indexText) || BigInt(indexText) >= 2n ** 64n) throw new HttpError(400, 'Invalid index');
  return { index: Number(indexText), wait, hash: request.query.get('hash') ?? '' };
}

/**
 * Answers with what `read` gives, once one of its topics has changed beyond the request's index, its wait is over, or the server closes.
 * `read` is called again after each change, and what it depends on besides the state is only the request's path, parameters and token.
 */
export async function indexed(
  context: ApiContext,
  request: HttpRequest,
  options: IndexedOptions,
  read: () => Reading,
): Promise<HttpReply> {
  const { index, wait } = parseBlocking(request);
  const consistency = parseConsistency(context, request);
  const markOf = cacheMarks(context, request, options, consistency.cached, index);
  const patience = new Patience(context, request, effectiveWait(wait, options.style, context.runtime.random));
  try {
    for (;;) {
      const found = patience.isUsed ? readAgain(context, request, read) : readNow(context.store, read);
      const isDue = index === 0 || found.index > index || patience.isOver;
      if (!isDue) await context.store.waitForChange(found.reading.topics, index, patience.signal);
      else if (await isOnDisk(context.store)) {
        return reply(found, {
          ...markOf(found.reading, patience.isUsed),
          ...indexHeaders(found.index, options, consistency),
        });
      }
    }
  } finally {
    patience.end();
  }
}

/** Answers once the hash is another than the request's, the wait is over, or what is read has gone: 404 with the text of `notFound`. */
export async function hashed(
  context: ApiContext,
  request: HttpRequest,
  topics: readonly string[],
  read: () => { readonly value: object; readonly hash: string } | { readonly notFound: string },
): Promise<HttpReply> {
  const { hash, wait } = parseBlocking(request);
  const patience = new Patience(context, request, effectiveWait(wait, 'server', context.runtime.random));
  try {
    for (;;) {
      const seen = context.store.indexOf(topics);
      const found = read();
      if ('notFound' in found || hash === '' || found.hash !== hash || patience.isOver) {
        if (!(await isOnDisk(context.store))) continue;
        if ('notFound' in found) throw new HttpError(404, found.notFound);
        return { status: 200, headers: { 'X-Consul-Contenthash': found.hash }, body: new Json(found.value) };
      }
      await context.store.waitForChange(topics, seen, patience.signal);
    }
  } finally {
    patience.end();
  }
}

/** A JSON answer without an index. */
export function plain(_context: ApiContext, value: unknown): HttpReply {
  return { status: 200, body: new Json(value) };
}

/** 200 without a body: done. */
export function empty(): HttpReply {
  return { status: 200 };
}

function effectiveWait(asked: number | undefined, style: IndexedOptions['style'], random: () => number): number {
  const wait = asked === undefined || asked <= 0 ? usualWait[style] : Math.min(asked, longestWait);
  return style === 'server' ? wait + (random() * wait) / 16 : wait;
}

/** Which of an agent's cache headers go with a reading. */
function cacheMarks(
  context: ApiContext,
  request: HttpRequest,
  { style, cache }: IndexedOptions,
  isAskedFor: boolean,
  index: number,
): (reading: Reading, hasWaited: boolean) => Record<string, string> {
  const isTold = style === 'agent-cache' || (cache !== undefined && isAskedFor);
  const isUsed = isTold || (cache === 'when asked, and blocking' && index > 0);
  return (reading, hasWaited) => {
    const wasKnown = isUsed && (reading.hit ?? wasReadBefore(context, request));
    return isTold ? cacheHeaders(wasKnown && !hasWaited, reading.age) : {};
  };
}

function indexHeaders(index: number, options: IndexedOptions, { effective }: Consistency): Record<string, string> {
  const { knownLeader = true } = options;
  return {
    ...(options.consistency ? { 'X-Consul-Effective-Consistency': effective } : {}),
    'X-Consul-Index': String(index),
    ...(knownLeader === 'absent' ? {} : { 'X-Consul-Knownleader': String(knownLeader), 'X-Consul-Lastcontact': '0' }),
  };
}

function reply({ reading, body }: Found, headers: Record<string, string>): HttpReply {
  const { status = 200, text } = reading;
  if (text === undefined) return { status, headers, body };
  return { status, headers: { 'Content-Type': 'text/plain; charset=utf-8', ...headers }, body: text };
}

/** How long one blocked request still waits: until its time is over, its client leaves or the server closes. Costs nothing until used. */
class Patience {
  readonly #context: ApiContext;
  readonly #request: HttpRequest;
  readonly #wait: number;
  #over: AbortController | undefined;

  constructor(context: ApiContext, request: HttpRequest, wait: number) {
    this.#context = context;
    this.#request = request;
    this.#wait = wait;
  }

  get isUsed(): boolean {
    return this.#over !== undefined;
  }

  get isOver(): boolean {
    return this.#over?.signal.aborted ?? false;
  }

  /** Starts the wait when first asked for. */
  get signal(): AbortSignal {
    if (this.#over === undefined) {
      this.#over = new AbortController();
      if (this.#request.signal.aborted) this.end();
      else this.#request.signal.addEventListener('abort', this.end, { once: true });
      void this.#context.runtime.clock.sleep(this.#wait, this.#over.signal).then(this.end);
    }
    return this.#over.signal;
  }

  readonly end = (): void => {
    this.#request.signal.removeEventListener('abort', this.end);
    this.#over?.abort(waitIsOver);
  };
}

/** One for all: an abort without a reason makes an error with a stack each time. */
const waitIsOver = new Error('the wait is over');
