/** What of Consul is not here. 501 and a sentence: 404 would tell a client that there is no such key, session or query. */

import { HttpError, type Route } from '../../http/index.ts';

const parts: readonly (readonly [string, readonly string[]])[] = [
  ['key/value store', ['/v1/kv/']],
  ['transactions', ['/v1/txn']],
  ['sessions and locks', ['/v1/session/']],
  ['snapshots over HTTP', ['/v1/snapshot']],
  ['prepared queries', ['/v1/query', '/v1/query/']],
  ['user events', ['/v1/event/']],
  ['discovery chain', ['/v1/discovery-chain/']],
  ['other agents to join or to leave', ['/v1/agent/join/', '/v1/agent/force-leave/', '/v1/agent/leave']],
  ['tokens of before Consul 1.4', ['create', 'update', 'destroy/', 'info/', 'clone/', 'list'].map(legacyAcl)],
];

export function unavailableRoutes(): Route[] {
  return parts.flatMap(([what, paths]) => {
    const refuse = (): never => {
      throw new HttpError(501, `this agent has no ${what}; it takes a Consul cluster`);
    };
    const methods = { GET: refuse, PUT: refuse, POST: refuse, DELETE: refuse };
    return paths.map((path) => ({ path, methods }));
  });
}

function legacyAcl(path: string): string {
  return `/v1/acl/${path}`;
}
