import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BlockingQuery, Indexed, Intention } from '../api/index.ts';
import { authorizationFrom, isSameAuthorization, type MatchingIntentions, matchingIntentions } from './rules.ts';

const never = new AbortController().signal;
const allow: Intention = { SourceName: 'web', DestinationName: 'db', Action: 'allow', Precedence: 9, ID: 'i-1' };

test('rules become a table whose default is asked for and kept for ten seconds', () => {
  const authorization = authorizationFrom([
    allow,
    { ...allow, SourceName: '*', Action: 'deny', Precedence: 8, ID: '' },
  ]);
  assert.deepEqual(authorization, {
    kind: 'table',
    rules: [
      { source: 'web', sourceNamespace: 'default', destination: 'db', action: 'allow', precedence: 9, id: 'i-1' },
      { source: '*', sourceNamespace: 'default', destination: 'db', action: 'deny', precedence: 8 },
    ],
    otherwise: { kind: 'ask', keepFor: 10_000 },
  });
});

for (const [what, fields] of [
  ['a peer', { SourcePeer: 'cluster-2' }],
  ['another partition', { SourcePartition: 'team-a' }],
  ['a sameness group', { SourceSamenessGroup: 'all' }],
  ['a JWT', { JWT: { Providers: [{ Name: 'okta' }] } }],
] as const)
  test(`a rule about ${what} puts its destination into ask mode`, () => {
    assert.deepEqual(authorizationFrom([{ ...allow, ...fields }, allow]), { kind: 'ask' });
  });

test('rules that are the same again are no change; ask mode is, because nobody knows what changed there', () => {
  assert.ok(isSameAuthorization(authorizationFrom([allow]), authorizationFrom([{ ...allow, ModifyIndex: 7 }])));
  assert.ok(!isSameAuthorization(authorizationFrom([allow]), authorizationFrom([])));
  assert.ok(!isSameAuthorization({ kind: 'ask' }, { kind: 'ask' }));
});

test('where match blocks, nothing else is asked', async () => {
  const agent = fakeAgent({ match: [5, 9], list: [] });
  assert.deepEqual(await agent.query(0, never), { value: [allow], index: 5, knownLeader: true });
  assert.deepEqual(await agent.query(5, never), { value: [allow], index: 9, knownLeader: true });
  assert.deepEqual(agent.asked, ['match 0', 'match 5']);
});

test('where match does not block, the list wakes and match is read after it', async () => {
  const agent = fakeAgent({ match: [0, 0, 0], list: [3, 8] });
  assert.equal((await agent.query(0, never)).index, 3);
  assert.deepEqual(await agent.query(3, never), { value: [allow], index: 8, knownLeader: true });
  assert.deepEqual(agent.asked, ['match 0', 'list 0', 'match 0', 'list 3', 'match 0']);
});

test('where neither blocks, nothing that was read can be relied on', async () => {
  for (const agent of [
    fakeAgent({ match: [0], list: [0] }),
    fakeAgent({ match: [0], list: [1], knownLeader: false }),
  ]) {
    const answer: Indexed<MatchingIntentions> = await agent.query(0, never);
    assert.deepEqual(answer, { value: undefined, index: 0, knownLeader: true });
    assert.deepEqual(authorizationFrom(answer.value), { kind: 'ask' });
  }
});

test('a match that is refused is a failure, whatever the list shows', async () => {
  const refused = new Error('403');
  const query = matchingIntentions(
    { intentionsMatch: () => () => Promise.reject(refused), intentionsList: answers([3]) },
    'db',
  );
  await assert.rejects(query(0, never), refused);
});

function fakeAgent({ match, list, knownLeader = true }: { match: number[]; list: number[]; knownLeader?: boolean }) {
  const asked: string[] = [];
  const noted =
    (name: string, query: BlockingQuery<readonly Intention[]>): BlockingQuery<readonly Intention[]> =>
    (index, signal) => {
      asked.push(`${name} ${index}`);
      return query(index, signal);
    };
  const query = matchingIntentions(
    {
      intentionsMatch: () => noted('match', answers(match)),
      intentionsList: noted('list', answers(list, knownLeader)),
    },
    'db',
  );
  return { query, asked };
}

/** Gives back these indexes, one after the other. */
function answers(indexes: number[], knownLeader = true): BlockingQuery<readonly Intention[]> {
  const left = indexes.values();
  return async () => ({ value: [allow], index: left.next().value ?? assert.fail('asked too often'), knownLeader });
}
