import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IntentionSource, IntentionsRow } from '../state/tables.ts';
import type { IntentionDraft } from './draft.ts';
import {
  createIntention,
  deleteExactIntention,
  deleteIntention,
  putExactIntention,
  replaceIntentions,
  updateIntention,
} from './edit.ts';

const first = { id: '11111111-1111-4111-8111-111111111111', now: '2026-11-23T03:02:47.000000000Z' };
const second = { id: '22222222-2222-4222-8222-222222222222', now: '2026-11-23T03:02:48.000000000Z' };

const refused: readonly [string, Partial<IntentionDraft>, string][] = [
  [
    'no names',
    { source: named(''), destination: named('') },
    '2 errors occurred:\n\t* SourceName must be set\n\t* DestinationName must be set\n\n',
  ],
  [
    'half a wildcard',
    { source: named('we*') },
    `1 error occurred:\n\t* SourceName: wildcard character '*' cannot be used with partial values\n\n`,
  ],
  ['another action', { action: 'maybe' }, `1 error occurred:\n\t* Action must be set to 'allow' or 'deny'\n\n`],
  ['another type of source', { sourceType: 'human' }, `1 error occurred:\n\t* SourceType must be set to 'consul'\n\n`],
  [
    'a name in every namespace',
    { source: { namespace: '*', name: 'web' } },
    '1 error occurred:\n\t* SourceName: exact value cannot follow wildcard namespace\n\n',
  ],
  [
    'another namespace',
    { destination: { namespace: 'team', name: 'db' } },
    '1 error occurred:\n\t* DestinationNS: this agent knows the namespace "default" only\n\n',
  ],
  [
    'too long a text',
    { description: 'x'.repeat(513) },
    '1 error occurred:\n\t* Description exceeds maximum length 512\n\n',
  ],
  [
    'action and permissions',
    { permissions: [{ Action: 'allow', HTTP: {} }] },
    '1 error occurred:\n\t* Action must be omitted if Permissions are specified\n\n',
  ],
  [
    'permissions of everyone',
    { action: '', destination: named('*'), permissions: [{ Action: 'allow', HTTP: {} }] },
    '1 error occurred:\n\t* Permissions cannot be specified on intentions with wildcarded destinations\n\n',
  ],
  [
    'a permission of nothing',
    { action: '', permissions: [{ Action: 'allow' }] },
    '1 error occurred:\n\t* Permissions[0].HTTP is required\n\n',
  ],
  [
    'two paths',
    { action: '', permissions: [{ Action: 'deny', HTTP: { PathExact: '/a', PathPrefix: '/b' } }] },
    '1 error occurred:\n\t* Permissions[0].HTTP must have at most one of PathExact, PathPrefix and PathRegex\n\n',
  ],
  [
    'a header without a match',
    { action: '', permissions: [{ Action: 'deny', HTTP: { Header: [{ Name: 'x' }] } }] },
    '1 error occurred:\n\t* Permissions[0].HTTP.Header[0] must have exactly one of Present, Exact, Prefix, Suffix, Contains and Regex\n\n',
  ],
];

for (const [what, changes, message] of refused) {
  test(`an intention with ${what} is refused`, () => {
    assert.throws(() => createIntention(undefined, draft(changes), first), { status: 500, message });
  });
}

test('a created intention has an ID, times and its precedence', () => {
  assert.deepEqual(createIntention(undefined, draft({ description: 'd', meta: { k: 'v' } }), first), {
    destination: 'db',
    namespace: 'default',
    sources: [
      {
        name: 'web',
        type: 'consul',
        action: 'allow',
        precedence: 9,
        description: 'd',
        legacyMeta: { k: 'v' },
        legacyId: first.id,
        legacyCreatedAt: first.now,
        legacyUpdatedAt: first.now,
      },
    ],
  });
});

test('sources of one destination stand by precedence', () => {
  const row = create(create(undefined, { source: named('*') }), { source: named('web') });
  assert.deepEqual(
    row.sources.map(({ name, precedence }) => [name, precedence]),
    [
      ['web', 9],
      ['*', 8],
    ],
  );
});

test('a source stands once, in whatever case it is written', () => {
  const row = createIntention(undefined, draft(), first);
  const again = () => createIntention(row, draft({ source: named('WEB'), action: 'deny' }), second);
  assert.throws(again, { status: 500, message: 'Sources[1] defines "WEB" more than once' });
});

test('an update replaces all but ID and time of creation, and may name another source', () => {
  const row = createIntention(undefined, draft({ description: 'd', meta: { k: 'v' } }), first);
  const updated = updateIntention(row, first.id, draft({ source: named('*'), action: 'deny' }), second.now);
  assert.deepEqual(updated.sources, [
    {
      name: '*',
      type: 'consul',
      action: 'deny',
      precedence: 8,
      legacyId: first.id,
      legacyCreatedAt: first.now,
      legacyUpdatedAt: second.now,
    },
  ]);
});

test('an update can neither take the place of another source nor move to another destination', () => {
  const row = createIntention(createIntention(undefined, draft(), first), draft({ source: named('api') }), second);
  const other = () => updateIntention(row, second.id, draft(), second.now);
  assert.throws(other, { message: 'Sources[1] defines "web" more than once' });
  const away = () => updateIntention(row, second.id, draft({ destination: named('cache') }), second.now);
  assert.throws(away, { message: /destination of an intention cannot be changed/ });
});

test('the last deletion leaves no row', () => {
  const row = createIntention(createIntention(undefined, draft(), first), draft({ source: named('api') }), second);
  const left = deleteIntention(row, first.id);
  assert.deepEqual(namesOf(left), ['api']);
  assert.ok(left);
  assert.equal(deleteExactIntention(left, named('API')), undefined);
});

test('an exact put creates one without an ID, and keeps the ID of one that has it', () => {
  const row = putExactIntention(
    createIntention(undefined, draft(), first),
    draft({ source: named('api') }),
    second.now,
  );
  const changed = putExactIntention(row, draft({ action: 'deny' }), second.now);
  assert.deepEqual(
    changed.sources.map(({ name, action, legacyId, legacyUpdatedAt }) => ({ name, action, legacyId, legacyUpdatedAt })),
    [
      { name: 'web', action: 'deny', legacyId: first.id, legacyUpdatedAt: second.now },
      { name: 'api', action: 'allow', legacyId: undefined, legacyUpdatedAt: undefined },
    ],
  );
});

test('where a source has no ID, endpoints that work by ID refuse the destination', () => {
  const row = replaceIntentions(named('db'), [draft()], undefined);
  const message =
    'cannot use legacy intention API to edit intentions with a destination of "db" after editing them via a service-intentions config entry';
  assert.throws(() => createIntention(row, draft({ source: named('zzz') }), first), { status: 500, message });
  const mixed: IntentionsRow = { ...row, sources: [...row.sources, { ...source('api'), legacyId: first.id }] };
  assert.throws(() => updateIntention(mixed, first.id, draft(), first.now), { message });
  assert.throws(() => deleteIntention(mixed, first.id), { message });
});

test('a config entry stands for all that was there', () => {
  const row = replaceIntentions(named('db'), [draft({ source: named('*') }), draft()], { team: 'a' });
  assert.deepEqual([row.meta, namesOf(row)], [{ team: 'a' }, ['web', '*']]);
  assert.throws(() => replaceIntentions(named('db'), [], undefined), { message: 'At least one source is required' });
});

test('a peer of the same name is another source', () => {
  const row = replaceIntentions(named('db'), [draft(), draft({ unknown: { Peer: 'east' } })], undefined);
  assert.equal(row.sources.length, 2);
});

function named(name: string): IntentionDraft['source'] {
  return { namespace: 'default', name };
}

function draft(changes: Partial<IntentionDraft> = {}): IntentionDraft {
  return {
    source: named('web'),
    destination: named('db'),
    sourceType: '',
    action: 'allow',
    permissions: [],
    description: '',
    meta: {},
    unknown: {},
    ...changes,
  };
}

function create(row: IntentionsRow | undefined, changes: Partial<IntentionDraft>): IntentionsRow {
  return createIntention(row, draft(changes), first);
}

function source(name: string): IntentionSource {
  return { name, type: 'consul', action: 'allow', precedence: 9 };
}

function namesOf(row: IntentionsRow | undefined): string[] {
  return row?.sources.map(({ name }) => name) ?? [];
}
