import { parseDuration } from '../../base/index.ts';
import { HttpError, type HttpRequest } from '../../http/index.ts';
import type { ApiContext } from './context.ts';

/** How fresh an answer was asked to be. One agent knows one state, so this decides headers only. */
export interface Consistency {
  readonly effective: 'leader' | 'stale' | 'consistent';
  /** The agent's cache was asked for. */
  readonly cached: boolean;
}

/** Also refuses a datacenter that is not ours: 500, as there is no way to another. */
export function parseConsistency(context: Pick<ApiContext, 'datacenter'>, request: HttpRequest): Consistency {
  refuseOtherDatacenter(context, request);
  refuseBadCacheControl(request);
  const [consistent, cached] = ['consistent', 'cached'].map((name) => request.query.has(name));
  const stale = request.query.has('stale') || hasLongestDelay(request);
  if (stale && consistent) throw conflict('stale');
  if (cached && consistent) throw conflict('cached');
  return { effective: stale ? 'stale' : consistent ? 'consistent' : 'leader', cached: cached === true };
}

export function refuseOtherDatacenter(context: Pick<ApiContext, 'datacenter'>, { query }: HttpRequest): void {
  const asked = query.get('dc') ?? '';
  if (asked !== '' && asked !== context.datacenter) throw new HttpError(500, 'No path to datacenter');
}

function conflict(name: string): HttpError {
  return new HttpError(400, `Cannot specify ?${name} with ?consistent, conflicting semantics.`);
}

/** `max_stale`: any delay is kept here, but asking for one allows it. */
function hasLongestDelay({ query }: HttpRequest): boolean {
  const text = query.get('max_stale') ?? '';
  if (text !== '' && parseDuration(text) === undefined) {
    throw new HttpError(400, `Invalid max_stale value ${JSON.stringify(text)}`);
  }
  return text !== '';
}

/** What is asked there is always so, as nothing here is old; only what can't be understood is refused. */
function refuseBadCacheControl({ headers }: HttpRequest): void {
  for (const directive of (headers['cache-control'] ?? '').split(',')) {
    const [name = '', seconds] = directive.trim().toLowerCase().split('=', 2);
    const isTimed = name === 'max-age' || name === 'stale-if-error';
    if (isTimed && seconds !== undefined && !/^[+-]?\d+$/.test(seconds)) {
      throw new HttpError(400, 'Invalid Cache-Control header.');
    }
  }
}
