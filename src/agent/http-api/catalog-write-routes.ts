/** `/v1/catalog/register` and `/deregister`: what others tell about any node. */

import {
  decodeBody,
  flag,
  HttpError,
  type HttpReply,
  type HttpRequest,
  list,
  map,
  type Route,
  type Shape,
  struct,
  text,
} from '../../http/index.ts';
import type { Authorizer } from '../acl/authorizer.ts';
import {
  type CatalogPlan,
  type CatalogRegistration,
  planCatalogDeregistration,
  planCatalogRegistration,
} from '../registry/catalog-registration.ts';
import { isCheckStatus } from '../registry/check-request.ts';
import { NodeRows, type TableReader } from '../registry/node-rows.ts';
import { findProxyErrors, formatErrors } from '../registry/service-errors.ts';
import { writeRows } from '../registry/write-rows.ts';
import type { CheckRow, ServiceRow } from '../state/tables.ts';
import { plain } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { mustWriteNode, mustWriteService } from './permissions.ts';
import { type CatalogCheckBody, catalogCheckBody, catalogCheckFromBody } from './wire-check.ts';
import { type CatalogServiceBody, catalogServiceBody, catalogServiceFromBody } from './wire-service.ts';

export function catalogWriteRoutes(context: ApiContext): Route[] {
  return [
    { path: '/v1/catalog/register', methods: { PUT: (request) => register(context, request) } },
    { path: '/v1/catalog/deregister', methods: { PUT: (request) => deregister(context, request) } },
  ];
}

interface RegisterBody {
  readonly Datacenter?: string;
  readonly ID?: string;
  readonly Node?: string;
  readonly Address?: string;
  readonly TaggedAddresses?: Readonly<Record<string, string>>;
  readonly NodeMeta?: Readonly<Record<string, string>>;
  readonly Service?: CatalogServiceBody;
  readonly Check?: CatalogCheckBody;
  readonly Checks?: readonly CatalogCheckBody[];
  readonly SkipNodeUpdate?: boolean;
}

const registerBody: Shape<RegisterBody> = struct<RegisterBody>(
  {
    Datacenter: text,
    ID: text,
    Node: text,
    Address: text,
    TaggedAddresses: map(text, ''),
    NodeMeta: map(text, ''),
    Service: catalogServiceBody,
    Check: catalogCheckBody,
    Checks: list(catalogCheckBody, {}),
    SkipNodeUpdate: flag,
  },
  {
    type: 'RegisterRequest',
    ignored: ['CreateIndex', 'Locality', 'ModifyIndex', 'Namespace', 'Partition', 'PeerName', 'Token', 'WriteRequest'],
  },
);

interface DeregisterBody {
  readonly Datacenter?: string;
  readonly Node?: string;
  readonly ServiceID?: string;
  readonly CheckID?: string;
}

const deregisterBody: Shape<DeregisterBody> = struct<DeregisterBody>(
  { Datacenter: text, Node: text, ServiceID: text, CheckID: text },
  {
    type: 'DeregisterRequest',
    ignored: ['Address', 'Namespace', 'Partition', 'PeerName', 'Token', 'WriteRequest'],
  },
);

async function register(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const body = decodeBody(request.body, registerBody);
  refuseOther(context, body.Datacenter);
  const registration = registrationFromBody(context, body);
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    const plan = planOrRefuse(() => planCatalogRegistration(registration, tx, context.nodeName));
    mayRegister(authorizer, plan, tx);
    if (plan.nodeRow !== undefined) writer.putNode(plan.nodeRow);
    writer.apply(plan.node, plan);
  });
  return plain(context, true);
}

function registrationFromBody(context: ApiContext, body: RegisterBody): CatalogRegistration {
  const node = body.Node ?? '';
  if (node === '') throw new HttpError(500, 'Must provide node');
  if (!body.Address && !body.SkipNodeUpdate) {
    throw new HttpError(500, 'Must provide address if SkipNodeUpdate is not set');
  }
  if (body.ID) refuseNodeId(body.ID);
  const checks = [...(body.Check === undefined ? [] : [body.Check]), ...(body.Checks ?? [])];
  return {
    node,
    ...(body.SkipNodeUpdate ? {} : { nodeRow: nodeFromBody(context, body, node) }),
    ...(body.Service === undefined ? {} : { service: serviceOf(body.Service, node) }),
    checks: checks.map((check) => checkOf(check, node)),
  };
}

function nodeFromBody(
  context: ApiContext,
  body: RegisterBody,
  node: string,
): NonNullable<CatalogRegistration['nodeRow']> {
  return {
    id: body.ID ?? '',
    node,
    address: body.Address ?? '',
    datacenter: context.datacenter,
    taggedAddresses: body.TaggedAddresses ?? null,
    meta: body.NodeMeta ?? null,
  };
}

function refuseNodeId(id: string): void {
  if (id.length !== 36) throw new HttpError(500, 'Bad node ID: uuid string is wrong length');
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) {
    throw new HttpError(500, 'Bad node ID: uuid is improperly formatted');
  }
}

function serviceOf(body: CatalogServiceBody, node: string): ServiceRow {
  if (!body.Service) throw new HttpError(500, `Must provide service name${body.ID ? ' with ID' : ''}`);
  const service = catalogServiceFromBody(body, node);
  const errors = service.kind === 'connect-proxy' ? formatErrors(findProxyErrors(service)) : undefined;
  if (errors !== undefined) throw new HttpError(500, errors);
  return service;
}

function checkOf(body: CatalogCheckBody, node: string): CheckRow {
  if (body.Node && body.Node.toLowerCase() !== node.toLowerCase()) {
    throw new HttpError(500, `check's node "${body.Node}" is not the node "${node}" that is registered`);
  }
  const check = catalogCheckFromBody(body, node);
  if (check.checkId === '') throw new HttpError(500, 'Must provide a CheckID or a Name for each check');
  if (!isCheckStatus(check.status)) throw new HttpError(500, `Invalid check status: '${check.status}'`);
  return check;
}

/** The right to the node where it changes, to each service's old and new name, and to what each check belongs to. */
function mayRegister(authorizer: Authorizer, plan: CatalogPlan, tables: TableReader): void {
  const rows = new NodeRows(tables, plan.node);
  const touchesNode = plan.nodeRow !== undefined || plan.checks.some(({ serviceId }) => serviceId === '');
  if (touchesNode) mustWriteNode(authorizer, plan.node);
  const names = [
    ...plan.services.flatMap(({ id, name }) => [name, rows.service(id)?.name]),
    ...plan.checks.flatMap(({ checkId, serviceName }) => [serviceName, rows.check(checkId)?.serviceName]),
  ];
  for (const name of names) if (name) mustWriteService(authorizer, name);
}

async function deregister(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const body = decodeBody(request.body, deregisterBody);
  refuseOther(context, body.Datacenter);
  const node = body.Node ?? '';
  if (node === '') throw new HttpError(500, 'Must provide node');
  const asked = { node, serviceId: body.ServiceID ?? '', checkId: body.CheckID ?? '' };
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    mayDeregister(authorizer, asked, tx);
    const plan = planCatalogDeregistration(asked, tx, context.nodeName);
    if (plan.deletesNode) writer.deleteNode(node);
    writer.apply(node, plan);
  });
  return plain(context, true);
}

/** Who may write the node may remove everything on it; else what is removed must be of a service of one's own. */
function mayDeregister(
  authorizer: Authorizer,
  { node, serviceId, checkId }: { readonly node: string; readonly serviceId: string; readonly checkId: string },
  tables: TableReader,
): void {
  if (authorizer.mayWriteNode(node)) return;
  const rows = new NodeRows(tables, node);
  const name = serviceId === '' ? rows.check(checkId)?.serviceName : rows.service(serviceId)?.name;
  if (name) mustWriteService(authorizer, name);
  else mustWriteNode(authorizer, node);
}

function refuseOther({ datacenter }: ApiContext, asked = ''): void {
  if (asked !== '' && asked !== datacenter) throw new HttpError(500, 'No path to datacenter');
}

/** What a catalog's state refuses is a 500 here, as in Consul. */
function planOrRefuse(plan: () => CatalogPlan): CatalogPlan {
  try {
    return plan();
  } catch (error) {
    throw new HttpError(500, (error as Error).message);
  }
}
