/** Roots and leafs for this agent's services, and the CA's own endpoints. */

import { decodeBody, HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { joinCertificates } from '../../pki/index.ts';
import type { Ca } from '../ca/ca.ts';
import { CaError, type CaErrorCode } from '../ca/ca-error.ts';
import { topic } from '../state/topics.ts';
import { empty, indexed, parseBlocking, plain } from './blocking.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { parseFlag } from './parameters.ts';
import { denied } from './permissions.ts';
import { proxyAsking } from './proxy-token.ts';
import type { Reading } from './reading.ts';
import { readSettled } from './settled.ts';
import { caConfigBody, wireCaConfig, wireLeaf, wireRoots } from './wire-ca.ts';

export function caRoutes(context: ApiContext, ca: Ca): Route[] {
  const readRoots = (): Reading => ({ value: wireRoots(ca.trustDomain, ca.roots()), topics: [topic.roots] });
  return [
    {
      path: '/v1/agent/connect/ca/roots',
      methods: {
        GET: (request) => indexed(context, request, { style: 'agent-cache', knownLeader: false }, readRoots),
      },
    },
    {
      path: '/v1/agent/connect/ca/leaf/',
      methods: { GET: (request) => getLeaf(context, ca, request) },
    },
    {
      path: '/v1/connect/ca/roots',
      methods: {
        GET: (request) =>
          wantsPem(request)
            ? rootsAsPem(context, ca, request)
            : indexed(context, request, { style: 'server', knownLeader: false }, readRoots),
      },
    },
    {
      path: '/v1/connect/ca/configuration',
      methods: {
        GET: (request) => getConfiguration(context, ca, request),
        PUT: (request) => putConfiguration(context, ca, request),
      },
    },
  ];
}

async function getLeaf(context: ApiContext, ca: Ca, request: HttpRequest): Promise<HttpReply> {
  const service = request.rest;
  if (service === '') throw new HttpError(500, 'URI must be either service or agent');
  parseBlocking(request); // a malformed question makes no leaf
  parseConsistency(context, request);
  mustWriteService(context, request, service);

  using use = await ca.useLeaf(service).catch(refuse);
  const read = (): Reading => {
    mustWriteService(context, request, service); // also of a token that lost its right while this waited
    const age = Math.max(0, Math.floor((context.runtime.clock.now() - use.leaf.issuedAt) / 1_000));
    return { value: wireLeaf(use.leaf), topics: [topic.leaf(service)], hit: use.wasCached, age };
  };
  return await indexed(context, request, { style: 'agent-cache', knownLeader: 'absent' }, read);
}

/** Asked on every call, whoever was served before. A managed proxy speaks for its own service alone, with ACLs or without. */
function mustWriteService(context: ApiContext, request: HttpRequest, service: string): void {
  const proxy = proxyAsking(context, request);
  const isForeign = proxy !== undefined && proxy.target.name !== service;
  if (isForeign || !context.authorizerOf(request).mayWriteService(service)) throw denied(`service:write on ${service}`);
}

function wantsPem(request: HttpRequest): boolean {
  const wanted = parseFlag(request, 'pem');
  if (wanted === undefined) throw new HttpError(400, 'Bad request: the parameter "pem" must be true or false');
  return wanted;
}

async function rootsAsPem(context: ApiContext, ca: Ca, request: HttpRequest): Promise<HttpReply> {
  parseConsistency(context, request);
  const roots = await readSettled(context.store, () => ca.roots());
  const certificates = roots.flatMap(({ rootCert, intermediateCerts }) => [rootCert, ...intermediateCerts]);
  return {
    status: 200,
    headers: { 'Content-Type': 'application/pem-certificate-chain' },
    body: joinCertificates(certificates),
  };
}

async function getConfiguration(context: ApiContext, ca: Ca, request: HttpRequest): Promise<HttpReply> {
  parseConsistency(context, request);
  if (!context.authorizerOf(request).mayReadOperator()) throw denied('operator:read');
  return plain(context, wireCaConfig(await readSettled(context.store, () => ca.configuration())));
}

async function putConfiguration(context: ApiContext, ca: Ca, request: HttpRequest): Promise<HttpReply> {
  parseConsistency(context, request);
  if (!context.authorizerOf(request).mayWriteOperator()) throw denied('operator:write');
  const body = decodeBody(request.body, caConfigBody);
  await ca
    .setConfiguration({
      provider: body.Provider ?? '',
      config: body.Config ?? {},
      state: body.State ?? null,
      forceWithoutCrossSigning: body.ForceWithoutCrossSigning ?? false,
    })
    .catch(refuse);
  return empty();
}

/** As Consul has it: whatever is wrong with a configuration is a 500. */
const statusOf: Readonly<Record<CaErrorCode, number>> = {
  CONFIG_REFUSED: 500,
  NAME_REFUSED: 400,
  RATE_LIMITED: 429,
};

function refuse(error: unknown): never {
  throw error instanceof CaError ? new HttpError(statusOf[error.code], error.message) : error;
}
