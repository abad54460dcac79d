/** What an operator asks of a running proxy or agent, as routes. */

import { type Handler, type HttpReply, Json, type Route } from '../http/index.ts';

export interface AdminSources {
  readonly ready: () => {
    readonly ready: boolean;
    readonly missing: readonly string[];
    readonly problems: readonly object[];
  };
  /** False when only a restart can help. */
  readonly live: () => boolean;
  readonly metrics: () => Promise<string>;
  /** Each without a secret: whoever reaches the port can read them. */
  readonly config: () => object;
  readonly connections: () => readonly object[];
  readonly certificates: () => object;
}

/** `/ready` and `/live` answer 503 for no; the rest is for people and Prometheus. */
export function adminRoutes(sources: AdminSources): Route[] {
  return [
    get('/ready', () => {
      const readiness = sources.ready();
      return { status: readiness.ready ? 200 : 503, body: new Json(readiness) };
    }),
    get('/live', () => {
      const live = sources.live();
      return { status: live ? 200 : 503, body: new Json({ live }) };
    }),
    get('/metrics', async () => ({
      status: 200,
      headers: { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' },
      body: await sources.metrics(),
    })),
    get('/config', () => shown(sources.config())),
    get('/connections', () => shown({ connections: sources.connections() })),
    get('/certificates', () => shown(sources.certificates())),
  ];
}

function get(path: string, handler: Handler): Route {
  return { path, methods: { GET: handler } };
}

function shown(value: object): HttpReply {
  return { status: 200, body: new Json(value) };
}
