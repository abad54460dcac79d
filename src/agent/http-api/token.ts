import type { HttpRequest } from '../../http/index.ts';

/** The token that a request came with: `?token=`, else `X-Consul-Token`, else `Authorization: Bearer`. Empty when none. */
export function tokenOf({ query, headers }: Pick<HttpRequest, 'query' | 'headers'>): string {
  const given = query.get('token') || headers['x-consul-token'];
  if (given) return given;
  return /^Bearer +(\S+)\s*$/i.exec(headers['authorization'] ?? '')?.[1] ?? '';
}
