/** What of Consul is not here. 501 and a sentence: 404 would tell a client that there is no such key or session. */

import { HttpError, type Route } from '../../http/index.ts';

const parts: readonly (readonly [string, readonly string[]])[] = [
  ['key/value store', ['/v1/kv/']],
  ['transactions', ['/v1/txn']],
  ['sessions and locks', ['/v1/session/']],
  ['snapshots over HTTP', ['/v1/snapshot']],
];

export function unavailableRoutes(): Route[] {
  return parts.flatMap(([what, paths]) => {
    const refuse = (): never => {
      throw new HttpError(501, `this agent has no ${what}; it takes a Consul cluster`);
    };
    return paths.map((path) => ({ path, methods: { GET: refuse, PUT: refuse, DELETE: refuse } }));
  });
}
