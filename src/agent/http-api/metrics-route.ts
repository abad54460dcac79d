/** `GET /v1/agent/metrics?format=prometheus`: what the agent counts, for a scraper with a token that may read the agent. */

import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import type { ApiContext } from './context.ts';
import { denied } from './permissions.ts';

/** The metrics as Prometheus reads them. */
export type MetricsText = () => Promise<string>;

/** `read` is absent where nobody keeps metrics. */
export function metricsRoutes(context: ApiContext, read: MetricsText | undefined): Route[] {
  return [{ path: '/v1/agent/metrics', methods: { GET: (request) => getMetrics(context, request, read) } }];
}

async function getMetrics(
  context: ApiContext,
  request: HttpRequest,
  read: MetricsText | undefined,
): Promise<HttpReply> {
  if (!context.authorizerOf(request).mayReadAgent(context.nodeName)) throw denied(`agent:read on ${context.nodeName}`);
  if (request.query.get('format') !== 'prometheus')
    throw new HttpError(501, 'this agent shows its metrics with ?format=prometheus only');
  if (read === undefined) throw new HttpError(501, 'this agent keeps no metrics');
  return { status: 200, headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' }, body: await read() };
}
