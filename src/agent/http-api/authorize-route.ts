/** `POST /v1/agent/connect/authorize`: the question that a proxy puts for each connection. Answered from memory. */

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
  return [{ path: '/v1/agent/connect/authorize', methods: { POST: (request) => authorize(context, request) } }];
}

async function authorize(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const { target, source } = questionOf(request);
  if (!context.authorizerOf(request).mayWriteService(target)) throw denied(`service:write on ${target}`);
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
    headers: inMemory,
    body: new Json({ Authorized: allowed, Reason: reason }),
  };
}

/** Consul's agent says MISS where it fetches a destination's intentions first; here all of them are at hand. */
const inMemory = { Age: '0', 'X-Cache': 'HIT' };

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
