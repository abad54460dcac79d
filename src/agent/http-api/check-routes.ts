/** `/v1/agent/check…`: the checks of this agent, and the word of services about themselves. */

import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route, struct, text } from '../../http/index.ts';
import { heardFrom } from '../checks/ttl.ts';
import { findCheckError, isCheckStatus } from '../registry/check-request.ts';
import { compare } from '../registry/health.ts';
import { NodeRows } from '../registry/node-rows.ts';
import { nothingToDo } from '../registry/plan.ts';
import { planCheck } from '../registry/plan-check.ts';
import { planCheckDeregistration } from '../registry/plan-deregistration.ts';
import { findScriptError, type ScriptChecks } from '../registry/script-checks.ts';
import { writeRows } from '../registry/write-rows.ts';
import type { CheckStatus } from '../state/tables.ts';
import { empty, plain } from './blocking.ts';
import type { ApiContext } from './context.ts';
import { filterOf } from './filter.ts';
import { mayReadCheck, mustWriteCheck } from './permissions.ts';
import { readSettled } from './settled.ts';
import { agentCheck, checkBody, checkFromBody } from './wire-check.ts';

export interface CheckRoutesOptions {
  /** Whether checks that are registered here may run programs; by itself they may not. */
  readonly scriptChecks?: ScriptChecks;
}

export function checkRoutes(context: ApiContext, options: CheckRoutesOptions = {}): Route[] {
  const say = (status: CheckStatus) => (request: HttpRequest) =>
    update(context, request, status, request.query.get('note') ?? '');
  return [
    { path: '/v1/agent/checks', methods: { GET: (request) => listChecks(context, request) } },
    { path: '/v1/agent/check/register', methods: { PUT: (request) => register(context, request, options) } },
    { path: '/v1/agent/check/deregister/', methods: { PUT: (request) => deregister(context, request) } },
    { path: '/v1/agent/check/pass/', methods: { PUT: say('passing') } },
    { path: '/v1/agent/check/warn/', methods: { PUT: say('warning') } },
    { path: '/v1/agent/check/fail/', methods: { PUT: say('critical') } },
    { path: '/v1/agent/check/update/', methods: { PUT: (request) => updateByBody(context, request) } },
  ];
}

async function listChecks(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const authorizer = context.authorizerOf(request);
  const keeps = filterOf(request, 'check');
  const checks = await readSettled(context.store, () =>
    [...new NodeRows(context.store, context.nodeName).checks()]
      .filter((row) => row.local !== undefined && mayReadCheck(authorizer, row))
      .sort((a, b) => compare(a.checkId, b.checkId))
      .map((row) => [row.checkId, agentCheck(row)] as const)
      .filter(([, check]) => keeps(check)),
  );
  return plain(context, Object.fromEntries(checks));
}

async function register(
  context: ApiContext,
  request: HttpRequest,
  { scriptChecks = 'off' }: CheckRoutesOptions,
): Promise<HttpReply> {
  const body = decodeBody(request.body, checkBody);
  const check = checkFromBody(body);
  if (check.name === '') throw new HttpError(400, 'Missing check name');
  if (check.status !== '' && !isCheckStatus(check.status)) throw new HttpError(400, 'Bad check status');
  const error = findCheckError(check);
  if (error !== undefined) throw new HttpError(400, `Invalid check: ${error}`);
  const refusal = findScriptError([check], scriptChecks, false);
  if (refusal !== undefined) throw new HttpError(400, refusal);

  const authorizer = context.authorizerOf(request);
  const options = { now: context.runtime.clock.now() };
  const { ServiceID: serviceId = '' } = body;
  await writeRows(context.store, (writer, tx) => {
    const rows = new NodeRows(tx, context.nodeName);
    const service = serviceId === '' ? undefined : rows.ownService(serviceId);
    if (serviceId !== '' && service === undefined) {
      throw new HttpError(500, `ServiceID ${JSON.stringify(serviceId)} does not exist`);
    }
    const row = planCheck({ ...check, id: check.id || check.name }, service, rows, options, true);
    mustWriteCheck(authorizer, row);
    const holder = rows.ownCheck(row.checkId);
    if (holder !== undefined) mustWriteCheck(authorizer, holder);
    writer.apply(context.nodeName, { ...nothingToDo, checks: [row] });
  });
  return empty();
}

async function deregister(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  if (id === '') throw new HttpError(500, 'CheckID missing');
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    const rows = new NodeRows(tx, context.nodeName);
    const check = rows.ownCheck(id);
    if (check !== undefined) mustWriteCheck(authorizer, check);
    writer.apply(context.nodeName, planCheckDeregistration(id, rows));
  });
  return empty();
}

interface UpdateBody {
  readonly Status?: string;
  readonly Output?: string;
}

const updateBody = struct<UpdateBody>(
  { Status: text, Output: text },
  { type: 'checkUpdate', ignored: ['Namespace', 'Partition'] },
);

function updateByBody(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const { Status: status = '', Output: output = '' } = decodeBody(request.body, updateBody);
  if (!isCheckStatus(status)) throw new HttpError(400, `Invalid check status: '${status}'`);
  return update(context, request, status, output);
}

async function update(
  context: ApiContext,
  request: HttpRequest,
  status: CheckStatus,
  output: string,
): Promise<HttpReply> {
  const id = request.rest;
  const authorizer = context.authorizerOf(request);
  await writeRows(context.store, (writer, tx) => {
    const check = new NodeRows(tx, context.nodeName).ownCheck(id);
    if (check !== undefined) mustWriteCheck(authorizer, check);
    if (check?.local?.definition.type !== 'ttl') {
      throw new HttpError(500, `CheckID ${JSON.stringify(id)} does not have associated TTL`);
    }
    writer.putCheck(heardFrom(check, status, output, context.runtime.clock.now()));
  });
  return empty();
}
