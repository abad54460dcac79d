/** An HTTP check: 2xx is passing, 429 a warning, everything else critical. Redirects are followed, a few times. */

import { type IncomingMessage, type RequestOptions, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { CheckDefinition, CheckStatus } from '../state/tables.ts';
import { describeCut, outputLimitOf } from './output.ts';
import type { Probe } from './probe.ts';
import { describeDialError } from './tcp.ts';
import { tlsOptionsOf } from './tls-options.ts';

const mostRedirects = 10;
/** Answers such as `103 Early Hints` that may come before the real one. */
const mostHints = 5;
/** Of a body beyond what is kept, this much is still read to tell its size. */
const mostBodyBytes = 64 * 1024;

export const probeHttp: Probe = async (definition, signal) => {
  const method = definition.method || 'GET';
  const url = URL.parse(definition.http ?? '');
  if (url === null || !isHttp(url)) {
    const output = `${verb(method)} "${definition.http}": unsupported protocol scheme`;
    return { status: 'critical', output };
  }
  try {
    const answer = await askAndFollow(url, method, definition, signal);
    const body = await readBody(answer, outputLimitOf(definition));
    const { statusCode = 0, statusMessage } = answer;
    const output = `HTTP ${method} ${definition.http}: ${statusCode} ${statusMessage} Output: ${body}`;
    return { status: statusOf(statusCode), output };
  } catch (error) {
    const output = `${verb(method)} "${definition.http}": ${describe(error as Error, url, signal)}`;
    return { status: 'critical', output };
  }
};

async function askAndFollow(
  url: URL,
  method: string,
  definition: CheckDefinition,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let answer = await ask(url, method, definition, signal);
  let from = url;
  for (let redirects = 0; isRedirect(answer) && !definition.disableRedirects; redirects += 1) {
    if (redirects === mostRedirects) throw new Error(`stopped after ${mostRedirects} redirects`);
    const to = URL.parse(answer.headers.location ?? '', from.href);
    if (to === null || !isHttp(to)) break;
    answer.destroy();
    answer = await ask(to, method === 'HEAD' ? 'HEAD' : 'GET', forRedirect(definition, from, to), signal);
    from = to;
  }
  return answer;
}

/** No body, and no headers that were meant for another host. */
function forRedirect(definition: CheckDefinition, from: URL, to: URL): CheckDefinition {
  const { body: _, header, ...rest } = definition;
  return from.host === to.host && header !== undefined ? { ...rest, header } : rest;
}

function isHttp(url: URL): boolean {
  return url.protocol === 'http:' || url.protocol === 'https:';
}

function statusOf(code: number): CheckStatus {
  if (code >= 200 && code <= 299) return 'passing';
  return code === 429 ? 'warning' : 'critical';
}

function isRedirect({ statusCode = 0, headers }: IncomingMessage): boolean {
  return [301, 302, 303, 307, 308].includes(statusCode) && headers.location !== undefined;
}

function ask(url: URL, method: string, definition: CheckDefinition, signal: AbortSignal): Promise<IncomingMessage> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const options: RequestOptions = {
    host,
    port: url.port || (url.protocol === 'https:' ? 443 : 80),
    path: `${url.pathname}${url.search}`,
    method,
    headers: headersFor(definition, url),
    ...(url.username === '' ? {} : { auth: `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}` }),
    agent: false,
    signal,
    maxHeaderSize: 16 * 1024,
  };
  if (url.protocol === 'https:') {
    Object.assign(options, tlsOptionsOf(definition, host));
  }
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const request = (url.protocol === 'https:' ? requestHttps : requestHttp)(options, resolve);
  request.on('error', reject);
  let hints = 0;
  request.on('information', () => {
    hints += 1;
    if (hints > mostHints) request.destroy(new Error('net/http: too many 1xx informational responses'));
  });
  request.end(definition.body ?? '');
  return promise;
}

function headersFor({ header = {} }: CheckDefinition, url: URL): Record<string, string | string[]> {
  const given = Object.entries(header).map(([name, values]) => [name, values.length === 1 ? values[0] : [...values]]);
  return {
    Host: url.host,
    'User-Agent': 'Consul Health Check',
    Accept: 'text/plain, text/*, */*',
    Connection: 'close',
    ...Object.fromEntries(given),
  };
}

/** The beginning of a body, and how long it was; of one that breaks off, what came. The answer's code has been given by then. */
async function readBody(answer: IncomingMessage, limit: number): Promise<string> {
  const kept: Buffer[] = [];
  let keptBytes = 0;
  let total = 0;
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      total += chunk.length;
      const part = chunk.subarray(0, limit - keptBytes);
      kept.push(part);
      keptBytes += part.length;
      if (total > mostBodyBytes) break; // and the connection with it
    }
  } catch {
    // Told by what is missing.
  }
  return total > limit ? describeCut(Buffer.concat(kept), total) : Buffer.concat(kept).toString();
}

/** `Get`, `Post`: how Go's client begins its errors. */
function verb(method: string): string {
  return `${method.charAt(0)}${method.slice(1).toLowerCase()}`;
}

function describe(error: Error & { code?: string; syscall?: string }, url: URL, signal: AbortSignal): string {
  const target = `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
  // Several addresses that all failed come as one error without a message.
  const isDial = error.syscall === 'connect' || error.syscall === 'getaddrinfo' || error instanceof AggregateError;
  if (isDial) return describeDialError(error, target, signal);
  return error.message === 'socket hang up' ? 'EOF' : error.message;
}
