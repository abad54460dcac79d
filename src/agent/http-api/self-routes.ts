/** `/v1/agent/self`, `members` and `reload`: the agent about itself. */

import { messageOf } from '../../base/index.ts';
import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import type { OwnNode } from '../registry/own-node.ts';
import { empty, plain } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { denied, mustWriteAgent } from './permissions.ts';
import { statsOf } from './self-stats.ts';

export interface SelfRoutesOptions {
  readonly node: OwnNode;
  readonly hasAcls: boolean;
  /** Our own settings, shown as `DebugConfig`. Without secrets. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Reads the configuration again; resolves when it is in force. */
  readonly reload: () => Promise<void>;
}

export function selfRoutes(context: ApiContext, options: SelfRoutesOptions): Route[] {
  return [
    { path: '/v1/agent/self', methods: { GET: (request) => getSelf(context, request, options) } },
    { path: '/v1/agent/members', methods: { GET: (request) => listMembers(context, request, options) } },
    { path: '/v1/agent/reload', methods: { PUT: (request) => reload(context, request, options) } },
  ];
}

function getSelf(context: ApiContext, request: HttpRequest, { node, hasAcls, settings }: SelfRoutesOptions): HttpReply {
  if (!context.authorizerOf(request).mayReadAgent(node.name)) throw denied(`agent:read on ${node.name}`);
  return plain(context, {
    Config: {
      Datacenter: node.datacenter,
      PrimaryDatacenter: node.datacenter,
      NodeName: node.name,
      NodeID: node.id,
      Revision: '',
      Server: true,
      Version: node.version,
    },
    DebugConfig: settings,
    Coord: { Vec: [0, 0, 0, 0, 0, 0, 0, 0], Error: 1.5, Adjustment: 0, Height: 1e-5 },
    Member: memberOf(node, node.name, lanPort(node), hasAcls),
    Stats: statsOf(context.store, node, hasAcls),
    Meta: { 'consul-network-segment': '', ...node.meta },
    // The versions of Envoy that 1.10.0 names; clients that set up Envoy look here.
    xDS: { SupportedProxies: { envoy: ['1.18.3', '1.17.3', '1.16.4', '1.15.5'] } },
  });
}

function listMembers(context: ApiContext, request: HttpRequest, { node, hasAcls }: SelfRoutesOptions): HttpReply {
  if (!context.authorizerOf(request).mayReadNode(node.name)) return plain(context, []);
  const overWan = (request.query.get('wan') ?? '') !== '';
  const member = overWan
    ? memberOf(node, `${node.name}.${node.datacenter}`, lanPort(node) + 1, hasAcls)
    : memberOf(node, node.name, lanPort(node), hasAcls);
  return plain(context, [member]);
}

async function reload(context: ApiContext, request: HttpRequest, options: SelfRoutesOptions): Promise<HttpReply> {
  mustWriteAgent(context.authorizerOf(request), context.nodeName);
  try {
    await options.reload();
  } catch (error) {
    throw new HttpError(500, messageOf(error));
  }
  return empty();
}

/** Where a server's gossip would be: the port after that of its protocol. */
function lanPort({ serverPort }: OwnNode): number {
  return serverPort + 1;
}

function memberOf(node: OwnNode, name: string, port: number, hasAcls: boolean): object {
  return {
    Name: name,
    Addr: node.address,
    Port: port,
    Tags: {
      acls: hasAcls ? '1' : '0',
      bootstrap: '1',
      build: `${node.version}:`,
      dc: node.datacenter,
      ft_fs: '1',
      ft_si: '1',
      id: node.id,
      port: String(node.serverPort),
      raft_vsn: '3',
      role: 'consul',
      segment: '',
      vsn: '2',
      vsn_max: '3',
      vsn_min: '2',
      wan_join_port: String(lanPort(node) + 1),
    },
    Status: 1,
    ProtocolMin: 1,
    ProtocolMax: 5,
    ProtocolCur: 2,
    DelegateMin: 2,
    DelegateMax: 5,
    DelegateCur: 4,
  };
}
