/** `/v1/status/…`, and the page at `/`: what clients ask to see whether an agent is there. */

import { Json, type Route } from '../../http/index.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';

/** `serverAddress`: where a Consul server's own protocol would be; shown, never opened. */
export function statusRoutes(context: ApiContext, serverAddress: string): Route[] {
  const answer =
    (value: unknown): NonNullable<Route['methods']['GET']> =>
    (request) => {
      parseConsistency(context, request);
      return { status: 200, body: new Json(value) };
    };
  return [
    { path: '/v1/status/leader', methods: { GET: answer(serverAddress) } },
    { path: '/v1/status/peers', methods: { GET: answer([serverAddress]) } },
    { path: '/', isBare: true, methods: { GET: () => ({ status: 200, body: 'Consul Agent' }) } },
  ];
}
