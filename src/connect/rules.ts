/**
 * Who may connect to this service, as far as it can be known in advance. Rules come only from `match`, because a token that may not read
 * them is told so there; the list of intentions is filtered in silence, so it serves as a wake-up and nothing else.
 */

import { isDeepStrictEqual } from 'node:util';
import { type BlockingQuery, type ConsulClient, fieldsOfIntention, type Intention } from '../api/index.ts';
import { ruleOf } from '../intentions/index.ts';
import type { Authorization } from '../mtls/index.ts';

/** `undefined`: this agent tells of no change, so nothing that it said can be relied on. */
export type MatchingIntentions = readonly Intention[] | undefined;

/** Milliseconds for which an answer of the agent stands for its default, when no rule decides. */
const keepDefaultFor = 10_000;

/** The intentions that match `service` as a destination, in the way in which this agent can be waited for. */
export function matchingIntentions(
  client: Pick<ConsulClient, 'intentionsMatch' | 'intentionsList'>,
  service: string,
): BlockingQuery<MatchingIntentions> {
  const match = client.intentionsMatch(service);
  let wakeUp: 'match' | 'list' = 'match';
  return async (index, signal) => {
    if (index > 0 && wakeUp === 'match') return match(index, signal);
    if (index === 0) {
      const answer = await match(0, signal);
      wakeUp = answer.index > 0 ? 'match' : 'list';
      if (wakeUp === 'match') return answer;
    }
    // Read the list first: what changes after it wakes us again.
    const list = await client.intentionsList(index, signal);
    const canWait = list.index > 1 || (list.index === 1 && list.knownLeader);
    if (!canWait) return { value: undefined, index: 0, knownLeader: true };
    const { value } = await match(0, signal);
    return { value, index: list.index, knownLeader: true };
  };
}

export function authorizationFrom(intentions: MatchingIntentions): Authorization {
  if (intentions === undefined) return { kind: 'ask' };
  const rules = intentions.map((intention) => ruleOf(fieldsOfIntention(intention)));
  // Which peers such a rule means can't be told from here, so each is asked for, and again at each change.
  if (rules.some(({ action }) => action === 'unknown')) return { kind: 'ask' };
  return { kind: 'table', rules, otherwise: { kind: 'ask', keepFor: keepDefaultFor } };
}

/** Whether the same peers get the same answers, so that nobody has to be decided about again. */
export function isSameAuthorization(a: Authorization, b: Authorization): boolean {
  return a.kind === 'table' && isDeepStrictEqual(a, b);
}
