import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rule } from './intention.ts';
import { type IntentionFields, ruleOf } from './rule-of.ts';

const cases: readonly [string, Partial<IntentionFields>, Rule['action']][] = [
  ['allow', { action: 'allow' }, 'allow'],
  ['deny', { action: 'deny', sourceType: 'consul' }, 'deny'],
  ['the default partition spelled out', { action: 'allow', sourcePartition: 'default', sourcePeer: '' }, 'allow'],
  ['permissions, which need a request', { permissions: [{ Action: 'allow' }] }, 'deny'],
  ['neither action nor permissions', { permissions: [] }, 'unknown'],
  ['an action of a version to come', { action: 'warn' }, 'unknown'],
  ['a peer', { action: 'allow', sourcePeer: 'east' }, 'unknown'],
  ['another partition', { action: 'deny', sourcePartition: 'team' }, 'unknown'],
  ['a sameness group', { action: 'allow', sourceSamenessGroup: 'all' }, 'unknown'],
  ['a JWT', { permissions: [{ Action: 'allow' }], jwt: { Providers: [] } }, 'unknown'],
  ['another type of source', { action: 'allow', sourceType: 'human' }, 'unknown'],
];

for (const [name, fields, action] of cases) {
  test(`an intention with ${name} is a rule to ${action}`, () => {
    assert.equal(ruleOf({ source: 'web', destination: 'db', precedence: 9, ...fields }).action, action);
  });
}

test('a rule keeps what an explanation needs', () => {
  const rule = ruleOf({ id: 'e8', source: 'web', destination: '*', precedence: 6, permissions: [{}, {}] });
  assert.deepEqual(rule, {
    id: 'e8',
    source: 'web',
    sourceNamespace: 'default',
    action: 'deny',
    destination: '*',
    precedence: 6,
    permissions: 2,
  });
});
