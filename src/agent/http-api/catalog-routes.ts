/** `/v1/catalog/…`, reads: nodes, services and where they run. All but the list of datacenters block by index. */

import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { byNodeAndId, compare } from '../registry/health.ts';
import { NodeRows } from '../registry/node-rows.ts';
import { fold, keyOf } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { cacheHeaders, wasReadBefore } from './agent-cache.ts';
import { type IndexedOptions, indexed, plain } from './blocking.ts';
import { catalogWriteRoutes } from './catalog-write-routes.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { filterOf } from './filter.ts';
import { sorted } from './go-values.ts';
import { metaOfNodeOf, nearestFirst, nodeMetaOf, tagsOf } from './parameters.ts';
import type { Reading } from './reading.ts';
import { catalogService, catalogServiceOfNode, nodeToWire } from './wire-service.ts';

export function catalogRoutes(context: ApiContext): Route[] {
  const read =
    (reading: (request: HttpRequest, name: string) => Reading, missing?: string, cache?: IndexedOptions['cache']) =>
    async (request: HttpRequest): Promise<HttpReply> => {
      const name = request.rest;
      if (missing !== undefined && name === '') throw new HttpError(400, missing);
      const options = { style: 'server', consistency: true, ...(cache === undefined ? {} : { cache }) } as const;
      return await indexed(context, request, options, () => reading(request, name));
    };
  const noService = 'Missing service name';
  const noNode = 'Missing node name';
  return [
    { path: '/v1/catalog/datacenters', methods: { GET: (request) => listDatacenters(context, request) } },
    { path: '/v1/catalog/nodes', methods: { GET: read((request) => readNodes(context, request)) } },
    {
      path: '/v1/catalog/services',
      methods: { GET: read((request) => readNames(context, request), undefined, 'when asked') },
    },
    {
      path: '/v1/catalog/service/',
      methods: { GET: read((request, name) => readServices(context, request, 'name', name), noService, 'when asked') },
    },
    {
      path: '/v1/catalog/connect/',
      methods: {
        GET: read((request, name) => readServices(context, request, 'connect', name), noService, 'when asked'),
      },
    },
    {
      path: '/v1/catalog/node/',
      methods: {
        GET: read(
          (request, name) => readNode(context, request, name, (services) => Object.fromEntries(services)),
          noNode,
        ),
      },
    },
    {
      path: '/v1/catalog/node-services/',
      methods: {
        GET: read((request, name) => {
          const { value, topics } = readNode(context, request, name, (services) => services.map(([, row]) => row));
          return { value: value ?? { Node: null, Services: null }, topics };
        }, noNode),
      },
    },
    // There are no gateways here.
    {
      path: '/v1/catalog/gateway-services/',
      methods: { GET: read(() => ({ value: null, topics: [] }), 'Missing gateway name') },
    },
    ...catalogWriteRoutes(context),
  ];
}

function listDatacenters(context: ApiContext, request: HttpRequest): HttpReply {
  const { cached } = parseConsistency(context, request);
  const headers = cached ? cacheHeaders(wasReadBefore(context, request)) : {};
  return { ...plain(context, [context.datacenter]), headers };
}

function readNodes(context: ApiContext, request: HttpRequest): Reading {
  const authorizer = context.authorizerOf(request);
  const hasMeta = nodeMetaOf(request);
  const keeps = filterOf(request, 'node');
  const value = [...context.store.table('nodes').values()]
    .filter((node) => authorizer.mayReadNode(node.node) && hasMeta(node))
    .sort((a, b) => compare(fold(a.node), fold(b.node)))
    .sort(nearestFirst(context, request))
    .map(nodeToWire)
    .filter(keeps);
  return { value, topics: [topic.nodes] };
}

/** Names with the tags of all their instances. */
function readNames(context: ApiContext, request: HttpRequest): Reading {
  const authorizer = context.authorizerOf(request);
  const isMeant = metaOfNodeOf(request, context.store);
  const tags = new Map<string, Set<string>>();
  for (const service of [...context.store.table('services').values()].sort(byNodeAndId)) {
    if (!authorizer.mayReadService(service.name) || !isMeant(service)) continue;
    const known = tags.get(service.name) ?? new Set<string>();
    tags.set(service.name, known);
    for (const tag of service.tags) known.add(tag);
  }
  const value = sorted(Object.fromEntries([...tags].map(([name, known]) => [name, [...known]])));
  return { value, topics: request.query.has('node-meta') ? [topic.services, topic.nodes] : [topic.services] };
}

function readServices(context: ApiContext, request: HttpRequest, by: 'name' | 'connect', name: string): Reading {
  const { store } = context;
  const authorizer = context.authorizerOf(request);
  const hasMeta = nodeMetaOf(request);
  const hasTags = tagsOf(request);
  const keeps = filterOf(request, 'catalog service');
  const value = [...store.table('services').by(by, fold(name))]
    .filter((service) => authorizer.mayReadService(service.name) && hasTags(service))
    .sort(byNodeAndId)
    .sort(nearestFirst(context, request))
    .flatMap((service) => {
      const node = store.table('nodes').get(keyOf.nodes(service));
      const isShown = node !== undefined && authorizer.mayReadNode(node.node) && hasMeta(node);
      return isShown ? [catalogServiceOfNode(node, service)] : [];
    })
    .filter(keeps);
  return { value, topics: [by === 'name' ? topic.service(name) : topic.connect(name)] };
}

/** One node with its services; a node that is not there, or may not be read, is `null`. */
function readNode(
  context: ApiContext,
  request: HttpRequest,
  name: string,
  shape: (services: readonly (readonly [string, object])[]) => object,
): Reading {
  const topics = [topic.node(name)];
  const authorizer = context.authorizerOf(request);
  const keeps = filterOf(request, 'service');
  const rows = new NodeRows(context.store, name);
  const node = rows.row();
  if (node === undefined || !authorizer.mayReadNode(node.node)) return { value: null, topics };
  const services = [...rows.services()]
    .filter((service) => authorizer.mayReadService(service.name))
    .sort(byNodeAndId)
    .map((service) => [service.id, catalogService(service)] as const)
    .filter(([, service]) => keeps(service));
  return { value: { Node: nodeToWire(node), Services: shape(services) }, topics };
}
