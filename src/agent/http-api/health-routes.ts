/** `/v1/health/…`: instances with their nodes and checks, and checks by themselves. All of it blocks by index. */

import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { byNodeAndCheckId, connectInstancesOf, type Instance, instancesOf, isPassing } from '../registry/health.ts';
import { fold, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { indexed } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { filterOf } from './filter.ts';
import { metaOfNodeOf, nodeMetaOf, parseFlag, tagsOf } from './parameters.ts';
import type { Reading } from './reading.ts';
import { catalogCheck } from './wire-check.ts';
import { catalogService, nodeToWire } from './wire-service.ts';

export function healthRoutes(context: ApiContext): Route[] {
  const read =
    (missing: string, reading: (request: HttpRequest, name: string) => Reading) =>
    async (request: HttpRequest): Promise<HttpReply> => {
      const name = request.rest;
      if (name === '') throw new HttpError(400, missing);
      return await indexed(context, request, { style: 'server', consistency: true }, () => reading(request, name));
    };
  const service = 'Missing service name';
  return [
    {
      path: '/v1/health/service/',
      methods: {
        GET: read(service, (request, name) =>
          readInstances(context, request, instancesOf(context.store, name), topic.service(name)),
        ),
      },
    },
    {
      path: '/v1/health/connect/',
      methods: {
        GET: read(service, (request, name) =>
          readInstances(context, request, connectInstancesOf(context.store, name), topic.connect(name)),
        ),
      },
    },
    // There are no gateways here, so there never is anything behind one.
    { path: '/v1/health/ingress/', methods: { GET: read(service, () => ({ value: [], topics: [] })) } },
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
  changes: string,
): Reading {
  const topics = [changes];
  const passing = parseFlag(request, 'passing');
  if (passing === undefined) return { status: 400, text: 'Invalid value for ?passing', value: null, topics };
  const authorizer = context.authorizerOf(request);
  const hasMeta = nodeMetaOf(request);
  const hasTags = tagsOf(request);
  const keeps = filterOf(request, 'health entry');
  const value = instances
    .filter(({ node, service }) => authorizer.mayReadNode(node.node) && authorizer.mayReadService(service.name))
    .filter((instance) => hasMeta(instance.node) && hasTags(instance.service) && (!passing || isPassing(instance)))
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
    .map(catalogCheck)
    .filter(keeps);
  return { value, topics: [changes] };
}

function inState({ store }: ApiContext, state: string): Row<'checks'>[] {
  return [...store.table('checks').values()].filter(({ status }) => state === 'any' || status === state);
}
