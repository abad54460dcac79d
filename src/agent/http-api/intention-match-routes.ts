/** Which intentions count for a service, and what they say of one pair. */

import { HttpError, type HttpReply, type HttpRequest, type Route } from '../../http/index.ts';
import { decideConnection } from '../intentions/decision.ts';
import { intentionsFrom, intentionsTo } from '../intentions/view.ts';
import { topic } from '../state/topics.ts';
import { indexed, plain } from './blocking.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { parseServiceName, requiredName } from './intention-names.ts';
import { deniedRead, mustReadService } from './permissions.ts';
import type { Reading } from './reading.ts';
import { readSettled } from './settled.ts';
import { wireIntention } from './wire-intention.ts';

export function intentionMatchRoutes(context: ApiContext): Route[] {
  return [
    {
      path: '/v1/connect/intentions/match',
      methods: {
        GET: (request) => {
          const read = readerOfMatch(context, request);
          return indexed(context, request, { style: 'server', consistency: true }, read);
        },
      },
    },
    { path: '/v1/connect/intentions/check', methods: { GET: (request) => check(context, request) } },
  ];
}

const ends = {
  destination: { find: intentionsTo, topicOf: topic.intentionsTo },
  source: { find: intentionsFrom, topicOf: topic.intentionsFrom },
} as const;

function readerOfMatch(context: ApiContext, request: HttpRequest): () => Reading {
  const by = request.query.get('by') ?? '';
  if (by === '') throw new HttpError(500, `required query parameter 'by' not set`);
  if (by !== 'source' && by !== 'destination')
    throw new HttpError(500, `'by' parameter must be one of 'source' or 'destination'`);
  const asked = request.query.getAll('name').filter((name) => name !== '');
  if (asked.length === 0) throw new HttpError(500, `required query parameter 'name' not set`);
  const names = asked.map((text) => ({ text, name: parseServiceName(text) }));
  const { find, topicOf } = ends[by];

  return () => {
    const authorizer = context.authorizerOf(request);
    const hidden = names.find(({ name }) => !authorizer.mayReadIntentions(name.name));
    if (hidden !== undefined) throw deniedRead(`intentions:read on ${hidden.name.name}`);
    const table = context.store.table('intentions');
    const value = Object.fromEntries(
      names.map(({ text, name }) => {
        const found = find(table, name);
        return [text, found.length === 0 ? null : found.map(wireIntention)];
      }),
    );
    return { value, topics: [topicOf('*'), ...names.map(({ name }) => topicOf(name.name))] };
  };
}

async function check(context: ApiContext, request: HttpRequest): Promise<HttpReply> {
  parseConsistency(context, request);
  const [source, destination] = [requiredName(request, 'source'), requiredName(request, 'destination')];
  const type = request.query.get('source-type') || 'consul';
  if (type !== 'consul') throw new HttpError(500, `unsupported SourceType: ${JSON.stringify(type)}`);
  mustReadService(context.authorizerOf(request), destination.name);
  const { allowed } = await readSettled(context.store, () =>
    decideConnection(
      context.store.table('intentions'),
      { service: source.name, namespace: source.namespace },
      destination,
      context.intentionDefault,
    ),
  );
  return plain(context, { Allowed: allowed });
}
