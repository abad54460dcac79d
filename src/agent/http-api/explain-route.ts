/** `GET /v1/internal/fairlead/explain`: which intention decides about a pair, what the others lost by, and what would turn the decision. */

import type { ExplainAnswer, ExplainStep } from '../../api/index.ts';
import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { type Change, commandFor, explain, type Rule } from '../../intentions/index.ts';
import { decideConnection, ruleOfStored } from '../intentions/decision.ts';
import { intentionsTo, type ServiceName, type StoredIntention } from '../intentions/view.ts';
import { plain } from './blocking.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { requiredName } from './intention-names.ts';
import { denied } from './permissions.ts';
import { readSettled } from './settled.ts';
import { wireIntention } from './wire-intention.ts';

export function explainRoutes(context: ApiContext): Route[] {
  return [{ path: '/v1/internal/fairlead/explain', methods: { GET: (request) => explainPair(context, request) } }];
}

async function explainPair(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  parseConsistency(context, request);
  const [source, destination] = [serviceNamed(request, 'source'), serviceNamed(request, 'destination')];
  if (!context.authorizerOf(request).mayReadIntentions(destination.name))
    throw denied(`intentions:read on ${destination.name}`);
  return plain(context, await readSettled(context.store, () => answerFor(context, source, destination)));
}

function answerFor(context: ApiContext, source: ServiceName, destination: ServiceName): ExplainAnswer {
  const table = context.store.table('intentions');
  const asked = { service: source.name, namespace: source.namespace };
  const stored = new Map(
    intentionsTo(table, destination).map((one): [Rule, StoredIntention] => [ruleOfStored(one), one]),
  );
  const found = explain([...stored.keys()], {
    source: asked,
    destination: { service: destination.name, namespace: destination.namespace },
    allowedByDefault: context.intentionDefault.allow,
  });
  const wireRule = (rule: Rule) => wireIntention(stored.get(rule) as StoredIntention);
  return {
    SourceNS: source.namespace,
    SourceName: source.name,
    DestinationNS: destination.namespace,
    DestinationName: destination.name,
    Allowed: found.allowed,
    Reason: decideConnection(table, asked, destination, context.intentionDefault).reason,
    DecidedBy: found.decider === undefined ? null : wireRule(found.decider),
    AllowedByDefault: context.intentionDefault.allow,
    Others: found.others.map(({ rule, why }) => ({ Why: why, Intention: wireRule(rule) })),
    Elsewhere: found.elsewhere,
    Flip: found.flip.map(wireStep),
  };
}

function wireStep(change: Change): ExplainStep {
  const { kind, names } = change;
  const command = commandFor(change);
  return {
    Change: kind,
    SourceNS: names.sourceNamespace,
    SourceName: names.source,
    DestinationNS: names.destinationNamespace,
    DestinationName: names.destination,
    ...(kind === 'delete' ? {} : { Action: change.action }),
    ...(kind === 'delete' && change.origin !== undefined ? { Origin: change.origin } : {}),
    ...(command === undefined ? {} : { Command: command }),
  };
}

function serviceNamed(request: HttpRequest, end: 'source' | 'destination'): ServiceName {
  const service = requiredName(request, end, 400);
  if (service.name.includes('*') || service.namespace.includes('*'))
    throw new HttpError(400, `Bad request: expected the name of one service in ${end}, found a wildcard`);
  return service;
}
