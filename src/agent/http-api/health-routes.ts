/** `/v1/health/…`: instances with their nodes and checks, and checks by themselves. All of it blocks by index. */

import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { byNodeAndCheckId, connectInstancesOf, type Instance, instancesOf, isPassing } from '../registry/health.ts';
import { fold, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { type IndexedOptions, indexed } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { filterOf } from './filter.ts';
import { metaOfNodeOf, nearestFirst, nodeMetaOf, parseFlag, tagsOf } from './parameters.ts';
import type { Reading } from './reading.ts';
import { catalogCheck } from './wire-check.ts';
import { catalogService, nodeToWire } from './wire-service.ts';

export function healthRoutes(context: ApiContext): Route[] {
  const read =
    (
      missing: string,
      reading: (request: HttpRequest, name: string) => Reading,
      options: Partial<IndexedOptions> = {},
    ) =>
    async (request: HttpRequest): Promise<HttpReply> => {
      const name = request.rest;
      if (name === '') throw new HttpError(400, missing);
      const all = { style: 'server', consistency: true, ...options } as const;
      return await indexed(context, request, all, () => reading(request, name));
    };
  const cached = { cache: 'when asked, and blocking' } as const;
  const service = 'Missing service name';
  return [
    {
      path: '/v1/health/service/',
      methods: {
        GET: read(
          service,
          (request, name) => readInstances(context, request, instancesOf(context.store, name), [topic.service(name)]),
          cached,
        ),
      },
    },
    {
      path: '/v1/health/connect/',
      methods: {
        GET: read(
          service,
          (request, name) =>
            readInstances(context, request, connectInstancesOf(context.store, name), [topic.connect(name)]),
          cached,
        ),
      },
    },
    // There are no gateways here, so there never is anything behind one.
    {
      path: '/v1/health/ingress/',
      methods: { GET: read(service, (request) => readInstances(context, request, [], []), { cache: 'when asked' }) },
    },
    {
      path: '/v1/health/checks/',
      methods: {
        GET: read(service, (request, name) =>
          readChecks(
            context,
            request,
            context.store.table('checks').by('serviceName', fold(name)),
            topic.service(name),
          ),
        ),
      },
    },
    {
      path: '/v1/health/node/',
      methods: {
        GET: read('Missing node name', (request, name) =>
          readChecks(context, request, context.store.table('checks').by('node', fold(name)), topic.checksOfNode(name)),
        ),
      },
    },
    {
      path: '/v1/health/state/',
      methods: {
        GET: read('Missing check state', (request, state) =>
          readChecks(context, request, inState(context, state), topic.checks),
        ),
      },
    },
  ];
}

function readInstances(
  context: ApiContext,
  request: HttpRequest,
  instances: readonly Instance[],
  topics: readonly string[],
): Reading {
  const passing = parseFlag(request, 'passing');
  if (passing === undefined) return { status: 400, text: 'Invalid value for ?passing', value: null, topics };
  const authorizer = context.authorizerOf(request);
  const hasMeta = nodeMetaOf(request);
  const hasTags = tagsOf(request);
  const byDistance = nearestFirst(context, request);
  const keeps = filterOf(request, 'health entry');
  const value = instances
    .filter(({ node, service }) => authorizer.mayReadNode(node.node) && authorizer.mayReadService(service.name))
    .filter((instance) => hasMeta(instance.node) && hasTags(instance.service) && (!passing || isPassing(instance)))
    .sort((a, b) => byDistance(a.node, b.node))
    .map(entryToWire)
    .filter(keeps);
  return { value, topics };
}

function entryToWire({ node, service, checks }: Instance): object {
  return { Node: nodeToWire(node), Service: catalogService(service), Checks: checks.map(catalogCheck) };
}

function readChecks(
  context: ApiContext,
  request: HttpRequest,
  checks: Iterable<Row<'checks'>>,
  changes: string,
): Reading {
  const authorizer = context.authorizerOf(request);
  const isMeant = metaOfNodeOf(request, context.store);
  const keeps = filterOf(request, 'check');
  const value = [...checks]
    .filter((check) => isMeant(check) && authorizer.mayReadNode(check.node))
    .filter(({ serviceName }) => serviceName === '' || authorizer.mayReadService(serviceName))
    .sort(byNodeAndCheckId)
    .sort(nearestFirst(context, request))
    .map(catalogCheck)
    .filter(keeps);
  return { value, topics: [changes] };
}

function inState({ store }: ApiContext, state: string): Row<'checks'>[] {
  return [...store.table('checks').values()].filter(({ status }) => state === 'any' || status === state);
}
