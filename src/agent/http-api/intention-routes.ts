/** `/v1/connect/intentions`: list and create, and one intention by its ID or by its names. */

import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { formatInstant } from '../instant.ts';
import {
  createIntention,
  deleteExactIntention,
  deleteIntention,
  putExactIntention,
  updateIntention,
} from '../intentions/edit.ts';
import { findById, findByNames, listIntentions, type ServiceName } from '../intentions/view.ts';
import { writeRow } from '../intentions/write.ts';
import type { Transaction } from '../state/store.ts';
import { keyOf, type Row } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { indexed, plain } from './blocking.ts';
import { refuseOtherDatacenter } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { explainRoutes } from './explain-route.ts';
import { filterOf } from './filter.ts';
import { mayRead, mustRead, mustWrite, refuseForeignSource } from './intention-access.ts';
import { newId, problemOfId } from './intention-id.ts';
import { intentionMatchRoutes } from './intention-match-routes.ts';
import { requiredName } from './intention-names.ts';
import type { Reading } from './reading.ts';
import { readSettled } from './settled.ts';
import { draftOf, type IntentionBody, intentionBody, wireIntention } from './wire-intention.ts';

export function intentionRoutes(context: ApiContext): Route[] {
  return [
    {
      path: '/v1/connect/intentions',
      methods: {
        GET: (request) => indexed(context, request, { style: 'server' }, () => readList(context, request)),
        POST: (request) => create(context, request),
      },
    },
    {
      path: '/v1/connect/intentions/',
      methods: {
        GET: (request) => getById(context, request),
        PUT: (request) => putById(context, request),
        DELETE: (request) => deleteById(context, request),
      },
    },
    {
      path: '/v1/connect/intentions/exact',
      methods: {
        GET: (request) => getExact(context, request),
        PUT: (request) => putExact(context, request),
        DELETE: (request) => deleteExact(context, request),
      },
    },
    ...intentionMatchRoutes(context),
    ...explainRoutes(context),
  ];
}

function readList(context: ApiContext, request: HttpRequest): Reading {
  const authorizer = context.authorizerOf(request);
  const keeps = filterOf(request, 'intention');
  const value = listIntentions(context.store.table('intentions'))
    .filter((intention) => mayRead(authorizer, intention))
    .map(wireIntention)
    .filter(keeps);
  return { value, topics: [topic.intentions] };
}

async function create(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const body = bodyOf(context, request);
  const draft = draftOf(body);
  mustWrite(context.authorizerOf(request), draft.destination.name);
  if (body.ID) throw new HttpError(500, 'ID must be empty when creating a new intention');
  refuseForeignSource(draft);
  const id = newId(context.runtime.random);
  await context.store.write((tx) => {
    const old = rowOf(tx, draft.destination);
    writeRow(tx, old, createIntention(old, draft, { id, now: formatInstant(context.runtime.clock.now()) }));
  });
  return plain(context, { ID: id });
}

async function getById(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  const problem = problemOfId(id);
  if (problem !== undefined) throw new HttpError(400, `Bad request: ${problem}`);
  const reply = await indexed(context, request, { style: 'server', knownLeader: 'absent' }, () => {
    const topics = [topic.intentions];
    const found = findById(context.store.table('intentions'), id);
    if (found === undefined) return { value: null, topics, status: 404, text: 'Intention not found' };
    mustRead(context.authorizerOf(request), found);
    return { value: wireIntention(found), topics };
  });
  const { 'X-Consul-Index': _index, ...headers } = reply.headers ?? {}; // it waits for a change, yet shows no index
  return { ...reply, headers };
}

async function putById(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const id = request.rest;
  const draft = draftOf(bodyOf(context, request));
  const authorizer = context.authorizerOf(request);
  refuseBadId(id);
  await context.store.write((tx) => {
    const found = findById(tx.table('intentions'), id);
    if (found === undefined) throw new HttpError(500, `Cannot modify non-existent intention: '${id}'`);
    mustWrite(authorizer, found.row.destination);
    refuseForeignSource(draft);
    writeRow(tx, found.row, updateIntention(found.row, id, draft, formatInstant(context.runtime.clock.now())));
  });
  return plain(context, { ID: id });
}

async function deleteById(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  refuseOtherDatacenter(context, request);
  const id = request.rest;
  const authorizer = context.authorizerOf(request);
  refuseBadId(id);
  await context.store.write((tx) => {
    const found = findById(tx.table('intentions'), id);
    if (found === undefined) throw new HttpError(500, `Cannot delete non-existent intention: '${id}'`);
    mustWrite(authorizer, found.row.destination);
    writeRow(tx, found.row, deleteIntention(found.row, id));
  });
  return plain(context, true);
}

async function getExact(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const { source, destination } = namesOf(context, request);
  const found = await readSettled(context.store, () =>
    findByNames(context.store.table('intentions'), source, destination),
  );
  if (found === undefined) throw new HttpError(404, 'Intention not found');
  mustRead(context.authorizerOf(request), found);
  return plain(context, wireIntention(found));
}

async function putExact(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const { source, destination } = namesOf(context, request);
  const body = bodyOf(context, request);
  const draft = draftOf(body, source, destination);
  mustWrite(context.authorizerOf(request), destination.name);
  if (body.ID) throw new HttpError(500, 'ID must be empty when source and destination name the intention');
  refuseForeignSource(draft);
  await context.store.write((tx) => {
    const old = rowOf(tx, destination);
    writeRow(tx, old, putExactIntention(old, draft, formatInstant(context.runtime.clock.now())));
  });
  return plain(context, true);
}

async function deleteExact(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  const { source, destination } = namesOf(context, request);
  mustWrite(context.authorizerOf(request), destination.name);
  await context.store.write((tx) => {
    const found = findByNames(tx.table('intentions'), source, destination);
    if (found !== undefined) writeRow(tx, found.row, deleteExactIntention(found.row, source));
  });
  return plain(context, true);
}

function bodyOf(context: ApiContext, request: HttpRequest): IntentionBody {
  refuseOtherDatacenter(context, request);
  return decodeBody(
    request.body,
    intentionBody,
    (problem) => new HttpError(500, `Failed to decode request body: ${problem}`),
  );
}

function namesOf(context: ApiContext, request: HttpRequest): { source: ServiceName; destination: ServiceName } {
  refuseOtherDatacenter(context, request);
  return { source: requiredName(request, 'source'), destination: requiredName(request, 'destination') };
}

function refuseBadId(id: string): void {
  const problem = problemOfId(id);
  if (problem !== undefined) throw new HttpError(500, `Intention lookup failed: ${problem}`);
}

function rowOf(tx: Transaction, { name }: ServiceName): Row<'intentions'> | undefined {
  return tx.table('intentions').get(keyOf.intentions({ destination: name }));
}
