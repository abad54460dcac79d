/** `POST /v1/agent/connect/authorize`: the question that a proxy puts for each connection. Answered from memory. */

import { LRUCache } from 'lru-cache';
import {
  decodeBody,
  HttpError,
  type HttpReply,
  type HttpRequest,
  Json,
  type Route,
  struct,
  text,
} from '../../http/index.ts';
import { parseSpiffeId, type ServiceId } from '../../pki/index.ts';
import { decideConnection } from '../intentions/decision.ts';
import { fold } from '../state/tables.ts';
import type { ApiContext } from './context.ts';
import { denied } from './permissions.ts';
import { readSettled } from './settled.ts';

interface AuthorizeBody {
  readonly Target?: string;
  readonly ClientCertURI?: string;
}

/** The serial number is for revocation lists that never came. */
const authorizeBody = struct<AuthorizeBody>(
  { Target: text, ClientCertURI: text },
  {
    type: 'structs.ConnectAuthorizeRequest',
    ignored: ['ClientCertSerial', 'Namespace', 'Partition'],
  },
);

export function authorizeRoutes(context: ApiContext): Route[] {
  const warmth = new Warmth(context);
  return [{ path: '/v1/agent/connect/authorize', methods: { POST: (request) => authorize(context, warmth, request) } }];
}

async function authorize(context: ApiContext, warmth: Warmth, request: HttpRequest): Promise<HttpReply> {
  const { target, source } = questionOf(request);
  if (!context.authorizerOf(request).mayWriteService(target)) throw denied();
  const { allowed, reason } = await readSettled(context.store, () =>
    decideConnection(
      context.store.table('intentions'),
      source,
      { namespace: 'default', name: target },
      context.intentionDefault,
    ),
  );
  return {
    status: 200,
    headers: warmth.note(target) ? { Age: '0', 'X-Cache': 'HIT' } : { 'X-Cache': 'MISS' },
    body: new Json({ Authorized: allowed, Reason: reason }),
  };
}

/** Neither trust domain nor datacenter count: the chain was verified before anyone asks, and rules name services. */
function questionOf(request: HttpRequest): { target: string; source: ServiceId } {
  const { Target: target = '', ClientCertURI: uri = '' } = decodeBody(request.body, authorizeBody, (problem) =>
    badRequest(`Request decode failed: ${problem}`),
  );
  if (target === '') throw badRequest('Target service must be specified');
  const source = parseSpiffeId(uri);
  if (source === undefined) throw badRequest('ClientCertURI not a valid Connect identifier');
  if (source.kind !== 'service') throw badRequest('ClientCertURI not a valid Service identifier');
  if (source.partition !== 'default')
    throw badRequest(`Mismatched partitions: ${JSON.stringify(source.partition)} != "default"`);
  return { target, source };
}

function badRequest(problem: string): HttpError {
  return new HttpError(400, `Bad request: ${problem}`);
}

/** Whether Consul's agent would have had a target's intentions in its cache: asked for before, or a local proxy's. */
class Warmth {
  readonly #context: ApiContext;
  readonly #asked = new LRUCache<string, true>({ max: 10_000 });

  constructor(context: ApiContext) {
    this.#context = context;
  }

  note(target: string): boolean {
    const key = fold(target);
    if (this.#asked.get(key)) return true;
    if (key.length <= 1_000) this.#asked.set(key, true);
    const instances = this.#context.store.table('services').by('connect', key);
    return [...instances].some(({ kind, local }) => kind === 'connect-proxy' && local !== undefined);
  }
}
