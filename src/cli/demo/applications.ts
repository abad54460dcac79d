/**
 * Two applications that know nothing of a mesh. `web` answers with what it got from `api`, which it asks at a local port:
 * behind that port is its sidecar. Both note when they were reached, so that the demo can tell where the time went.
 */

import { once } from 'node:events';
import http from 'node:http';
import type { Closable } from '../../base/index.ts';

/** Instants on one clock, in milliseconds. */
export interface Trace {
  webReached?: number;
  webAsks?: number;
  apiReached?: number;
  apiAnswers?: number;
  webGotAnswer?: number;
}

export interface Applications extends Closable {
  /** The trace of the last request. */
  readonly trace: () => Readonly<Trace>;
  /** How many requests `api` has had. */
  readonly apiRequests: () => number;
}

export interface ApplicationPorts {
  readonly web: number;
  readonly api: number;
  /** Where `web` finds `api`. */
  readonly upstream: number;
}

/** `api` begins an answer here and never ends it: a connection that stays open, to be watched. */
export const holdPath = '/hold';

/** `now` is in milliseconds, with fractions. */
export async function startApplications(ports: ApplicationPorts, now: () => number): Promise<Applications> {
  let trace: Trace = {};
  let apiRequests = 0;
  const api = http.createServer((request, response) => {
    apiRequests += 1;
    if (request.url === holdPath) return void response.writeHead(200).flushHeaders();
    trace.apiReached = now();
    response.setHeader('Content-Type', 'application/json');
    trace.apiAnswers = now();
    response.end(`${JSON.stringify({ from: 'api', greeting: 'hello' })}\n`);
  });
  const web = http.createServer((_request, response) => {
    trace = { webReached: now() };
    trace.webAsks = now();
    const asked = http.get({ host: '127.0.0.1', port: ports.upstream, path: '/', agent: false, timeout: 10_000 });
    asked.once('timeout', () => asked.destroy(new Error('no answer within 10 s')));
    asked.once('response', (answer) => {
      trace.webGotAnswer = now();
      response.writeHead(answer.statusCode ?? 502, { 'Content-Type': 'text/plain' });
      response.write('web says: api answered ');
      answer.pipe(response);
    });
    asked.once('error', (error) => {
      response.writeHead(502, { 'Content-Type': 'text/plain' });
      response.end(`web says: no answer from api (${error.message})\n`);
    });
  });
  await Promise.all([listen(api, ports.api), listen(web, ports.web)]);
  const close = async (): Promise<void> => {
    await Promise.all([stop(api), stop(web)]);
  };
  return { trace: () => trace, apiRequests: () => apiRequests, close, [Symbol.asyncDispose]: close };
}

async function listen(server: http.Server, port: number): Promise<void> {
  await once(server.listen(port, '127.0.0.1'), 'listening');
}

async function stop(server: http.Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}
