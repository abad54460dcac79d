/** `/v1/acl/…`: the first token, and what else is neither token, policy nor role; and the tokens of the agent itself. */

import { randomUUID } from 'node:crypto';
import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import type { Acls } from '../acl/acls.ts';
import type { AgentTokenName } from '../acl/agent-tokens.ts';
import type { BootstrapReset } from '../acl/bootstrap-reset.ts';
import { managementToken } from '../acl/builtin.ts';
import { bootstrapIndex, markBootstrapped, putToken } from '../acl/enter-acls.ts';
import { formatInstant } from '../instant.ts';
import { type AclContext, type AclMethods, aclRoute, writeAcls } from './acl-access.ts';
import { aclPolicyRoutes } from './acl-policy-routes.ts';
import { aclRoleRoutes } from './acl-role-routes.ts';
import { aclTokenRoutes } from './acl-token-routes.ts';
import { empty, plain } from './blocking.ts';
import { refuseOtherDatacenter } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { mustWriteAgent } from './permissions.ts';
import { agentTokenBody, wireToken } from './wire-acl.ts';

export interface AclRoutesOptions {
  /** Absent: the agent runs without. */
  readonly acls?: Acls | undefined;
  /** Absent: a state in memory, which a restart resets. */
  readonly reset?: BootstrapReset | undefined;
}

export function aclRoutes(context: ApiContext, { acls, reset }: AclRoutesOptions): Route[] {
  const route = (path: string, methods: AclMethods): Route => aclRoute(context, acls, path, methods);
  return [
    route('/v1/acl/bootstrap', { PUT: (context, request) => bootstrap(context, request, reset) }),
    route('/v1/acl/replication', { GET: (context) => plain(context, noReplication) }),
    ...aclTokenRoutes(context, acls),
    ...aclPolicyRoutes(context, acls),
    ...aclRoleRoutes(context, acls),
    ...logins.map((path) =>
      route(path, { GET: refuseLogin, PUT: refuseLogin, POST: refuseLogin, DELETE: refuseLogin }),
    ),
    route('/v1/agent/token/', { PUT: setAgentToken }),
  ];
}

const logins = [
  ...['/v1/acl/login', '/v1/acl/logout', '/v1/acl/auth-methods', '/v1/acl/auth-method', '/v1/acl/auth-method/'],
  ...['/v1/acl/binding-rules', '/v1/acl/binding-rule', '/v1/acl/binding-rule/'],
];

function refuseLogin(): never {
  throw new HttpError(501, 'this agent has no auth methods: tokens are made by PUT /v1/acl/token');
}

/** One agent has nobody to copy from. */
const noReplication = {
  Enabled: false,
  Running: false,
  SourceDatacenter: '',
  ReplicationType: '',
  ReplicatedIndex: 0,
  ReplicatedRoleIndex: 0,
  ReplicatedTokenIndex: 0,
  LastSuccess: '0001-01-01T00:00:00Z',
  LastError: '0001-01-01T00:00:00Z',
};

/** The first token that may do everything, to whoever asks first. */
async function bootstrap(
  context: AclContext,
  request: HttpRequest,
  reset: BootstrapReset | undefined,
): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const allowedIndex = await reset?.read();
  const ids = { accessorId: randomUUID(), secretId: randomUUID() };
  await writeAcls(context, (tx) => {
    const index = bootstrapIndex(tx);
    if (index !== undefined && index !== allowedIndex)
      throw new HttpError(403, `Permission denied: ACL bootstrap no longer allowed (reset index: ${index})`);
    const now = formatInstant(context.runtime.clock.now());
    putToken(tx, managementToken(ids, 'Bootstrap Token (Global Management)', now));
    markBootstrapped(tx);
  });
  if (allowedIndex !== undefined) await reset?.clear();
  context.runtime.log.info('ACLs bootstrapped', { accessor: ids.accessorId });
  const row = context.store.table('aclTokens').get(ids.accessorId);
  if (row === undefined) throw new Error('the token that was just stored is gone');
  return plain(context, { ID: row.secretId, ...wireToken(context.store, row, row.secretId) });
}

/** In either spelling: that of now, and that of the configuration files of old. */
const agentTokens: Readonly<Record<string, AgentTokenName>> = {
  default: 'default',
  acl_token: 'default',
  agent: 'agent',
  acl_agent_token: 'agent',
  agent_master: 'agentRecovery',
  acl_agent_master_token: 'agentRecovery',
  agent_recovery: 'agentRecovery',
  replication: 'replication',
  acl_replication_token: 'replication',
};

function setAgentToken(context: AclContext, request: HttpRequest): HttpReply {
  mustWriteAgent(context.authorizerOf(request), context.nodeName);
  const { Token: token = '' } = decodeBody(request.body, agentTokenBody);
  const name = Object.hasOwn(agentTokens, request.rest) ? agentTokens[request.rest] : undefined;
  if (name === undefined) throw new HttpError(404, `Token ${JSON.stringify(request.rest)} is unknown`);
  context.acls.agentTokens.set(name, token);
  context.runtime.log.info('agent token set', { name });
  return empty();
}
