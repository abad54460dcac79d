import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../base/index.ts';
import { fuzzRuns, mutated, pollutionCheck } from '../../testing/fuzz.ts';
import type { Access } from './access.ts';
import type { Authorizer } from './authorizer.ts';
import { managementPolicy } from './builtin.ts';
import { rulesOfIdentities } from './identities.ts';
import { parseRules } from './parse-rules.ts';
import { authorizerFrom } from './rule-authorizer.ts';
import { mergeRules } from './rules.ts';

const holder = (texts: readonly string[], otherwise: 'allow' | 'deny' = 'deny'): Authorizer =>
  authorizerFrom(mergeRules(texts.map((text) => parseRules(text))), otherwise);

const service = (name: string, policy: string, intentions?: string): string =>
  `service "${name}" { policy = "${policy}"${intentions === undefined ? '' : ` intentions = "${intentions}"`} }`;
const services = (prefix: string, policy: string, intentions?: string): string =>
  service(prefix, policy, intentions).replace('service', 'service_prefix');

interface Question {
  readonly when: string;
  readonly rules: readonly string[];
  readonly ask: (authorizer: Authorizer) => boolean;
  readonly answer: boolean;
}

const questions: readonly Question[] = [
  { when: 'nothing is said', rules: [], ask: (a) => a.mayReadService('web'), answer: false },
  { when: 'the name is written', rules: [service('web', 'write')], ask: (a) => a.mayWriteService('web'), answer: true },
  {
    when: 'write holds reading too',
    rules: [service('web', 'write')],
    ask: (a) => a.mayReadService('web'),
    answer: true,
  },
  {
    when: 'read holds no writing',
    rules: [service('web', 'read')],
    ask: (a) => a.mayWriteService('web'),
    answer: false,
  },
  {
    when: 'an exact rule is no prefix',
    rules: [service('web', 'write')],
    ask: (a) => a.mayWriteService('web2'),
    answer: false,
  },
  {
    when: 'names differ in case',
    rules: [service('web', 'write')],
    ask: (a) => a.mayWriteService('WEB'),
    answer: false,
  },
  { when: 'a prefix covers', rules: [services('we', 'write')], ask: (a) => a.mayWriteService('web'), answer: true },
  {
    when: 'a longer prefix says less',
    rules: [services('', 'write'), services('we', 'read')],
    ask: (a) => a.mayWriteService('web'),
    answer: false,
  },
  {
    when: 'the exact rule says more than its prefix',
    rules: [services('', 'deny'), service('web', 'write')],
    ask: (a) => a.mayWriteService('web'),
    answer: true,
  },
  {
    when: 'two policies differ, one denies',
    rules: [service('web', 'write'), service('web', 'deny')],
    ask: (a) => a.mayReadService('web'),
    answer: false,
  },
  {
    when: 'two policies differ, neither denies',
    rules: [service('web', 'read'), service('web', 'write')],
    ask: (a) => a.mayWriteService('web'),
    answer: true,
  },
  {
    when: 'policies are in capitals',
    rules: [service('web', 'WRITE')],
    ask: (a) => a.mayWriteService('web'),
    answer: true,
  },
  {
    when: 'a service may be written, its intentions are read',
    rules: [service('db', 'write')],
    ask: (a) => a.mayReadIntentions('db'),
    answer: true,
  },
  {
    when: 'a service may be written, its intentions are not',
    rules: [service('db', 'write')],
    ask: (a) => a.mayWriteIntentions('db'),
    answer: false,
  },
  {
    when: 'intentions have a rule of their own',
    rules: [service('db', 'read', 'write')],
    ask: (a) => a.mayWriteIntentions('db'),
    answer: true,
  },
  {
    when: 'intentions are denied beside a service that may be written',
    rules: [service('db', 'write', 'deny')],
    ask: (a) => a.mayReadIntentions('db'),
    answer: false,
  },
  {
    when: 'one policy speaks of the service, another of intentions',
    rules: [service('db', 'write'), service('db', 'read', 'write')],
    ask: (a) => a.mayWriteIntentions('db') && a.mayWriteService('db'),
    answer: true,
  },
  {
    when: 'the wildcard is written by who may write all',
    rules: [services('', 'read', 'write')],
    ask: (a) => a.mayWriteIntentions('*'),
    answer: true,
  },
  {
    when: 'the wildcard is not written by who may write all but one',
    rules: [services('', 'read', 'write'), service('db', 'read')],
    ask: (a) => a.mayWriteIntentions('*'),
    answer: false,
  },
  {
    when: 'the wildcard is not written by who may write one',
    rules: [service('db', 'read', 'write')],
    ask: (a) => a.mayWriteIntentions('*'),
    answer: false,
  },
  {
    when: 'a rule for the name * is none for the wildcard',
    rules: [service('*', 'write', 'write')],
    ask: (a) => a.mayWriteIntentions('*'),
    answer: false,
  },
  {
    when: 'the wildcard is read by who may read any',
    rules: [service('db', 'read')],
    ask: (a) => a.mayReadIntentions('*'),
    answer: true,
  },
  { when: 'operator', rules: ['operator = "read"'], ask: (a) => a.mayReadOperator(), answer: true },
  { when: 'operator, writing', rules: ['operator = "read"'], ask: (a) => a.mayWriteOperator(), answer: false },
  { when: 'acl', rules: ['acl = "write"'], ask: (a) => a.mayReadAcls() && a.mayWriteAcls(), answer: true },
  { when: 'acl, writing', rules: ['acl = "read"'], ask: (a) => a.mayWriteAcls(), answer: false },
  { when: 'node', rules: ['node_prefix "" { policy = "read" }'], ask: (a) => a.mayReadNode('n'), answer: true },
  { when: 'agent', rules: ['agent "n" { policy = "write" }'], ask: (a) => a.mayWriteAgent('n'), answer: true },
  { when: 'another agent', rules: ['agent "n" { policy = "write" }'], ask: (a) => a.mayReadAgent('m'), answer: false },
];

for (const { when, rules, ask, answer } of questions)
  test(`${answer ? 'allowed' : 'denied'}: ${when}`, () => {
    assert.equal(ask(holder(rules)), answer);
  });

test('where the default is to allow, only what is denied is not, and ACLs stay closed', () => {
  const authorizer = holder([service('web', 'deny')], 'allow');
  assert.equal(authorizer.mayReadService('web'), false);
  assert.equal(authorizer.mayReadIntentions('web'), false);
  assert.equal(authorizer.mayWriteService('db'), true);
  assert.equal(authorizer.mayWriteOperator(), true);
  assert.equal(authorizer.mayWriteIntentions('*'), false);
  assert.equal(authorizer.mayReadAcls(), false);
});

test('the built-in policy allows everything', () => {
  const authorizer = holder([managementPolicy.rules]);
  const everything = Object.values(authorizer) as ((name: string) => boolean)[];
  assert.deepEqual(new Set(everything.map((may) => may('*'))), new Set([true]));
});

test('an identity is its service and its sidecar, finds all others, and holds in its datacenters', () => {
  const grants = {
    policies: [],
    serviceIdentities: [{ serviceName: 'web' }, { serviceName: 'far', datacenters: ['dc2'] }],
    nodeIdentities: [
      { nodeName: 'n', datacenter: 'dc1' },
      { nodeName: 'm', datacenter: 'dc2' },
    ],
  };
  const authorizer = authorizerFrom(mergeRules(rulesOfIdentities(grants, 'dc1')), 'deny');
  assert.equal(authorizer.mayWriteService('web'), true);
  assert.equal(authorizer.mayWriteService('web-sidecar-proxy'), true);
  assert.equal(authorizer.mayWriteService('web-other'), false);
  assert.equal(authorizer.mayWriteService('far'), false);
  assert.equal(authorizer.mayReadService('far') && authorizer.mayReadNode('m'), true);
  assert.equal(authorizer.mayWriteNode('n'), true);
  assert.equal(authorizer.mayWriteNode('m'), false);
  assert.equal(authorizer.mayWriteIntentions('web'), false);
});

test('what other versions know is accepted, and means nothing here', () => {
  const authorizer = holder(['mesh = "write" peering = "write" key "" { policy = "list" }']);
  assert.equal(authorizer.mayReadService('web'), false);
  holder(['key_prefix "a" { policy = "write" sentinel { code = "x" } }', '{"service": {"a": {"policy": "read"}}}', '']);
});

const refused: readonly (readonly [rules: string, message: RegExp])[] = [
  ['service "x" {', /^Failed to parse ACL rules: At 1:14: the block is not closed$/],
  [
    'service "x" { policy = "wrong" }',
    /^Invalid service policy: service "x": expected read, write or deny, found "wrong"$/,
  ],
  ['service "x" {}', /^Invalid service policy: service "x": expected .*, found nothing$/],
  ['service "x" { policy = "list" }', /^Invalid service policy/],
  ['service "x" { policy = "read" intentions = "x" }', /^Invalid service intentions policy/],
  ['service_prefix "" { policy = ["read"] }', /^Invalid service_prefix policy/],
  ['service = "read"', /^Failed to parse ACL rules: service: expected blocks/],
  ['service { policy = "read" }', /^Invalid service policy/],
  ['acl = "list"', /^Invalid acl policy: "list"$/],
  ['operator = true', /^Failed to parse ACL rules: operator: expected text/],
  ['services "x" { policy = "deny" }', /^Failed to parse ACL rules: there is no rule "services"$/],
  [
    'node "x" { policy = "read" intentions = "read" }',
    /^Failed to parse ACL rules: node "x": there is no "intentions"$/,
  ],
  [`# ${'x'.repeat(70_000)}`, /^Failed to parse ACL rules: they are longer/],
];

for (const [rules, message] of refused)
  test(`refused: ${rules.slice(0, 50)}`, () => {
    assert.throws(() => parseRules(rules), { name: 'InputError', message });
  });

const word = fc.constantFrom(
  'service',
  'service_prefix',
  'node',
  'acl',
  'policy',
  'intentions',
  '""',
  '"web"',
  '=',
  '{',
  '}',
  '[',
  ']',
  '"read"',
  '"deny"',
  '\n',
  ',',
  '5',
);

test('any text is read or refused with an InputError', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    mutated([
      'service "web" { policy = "write" intentions = "read" }\nnode_prefix "" { policy = "read" }\noperator = "write"',
      '{"service": {"web": {"policy": "write"}}, "key_prefix": {"": {"policy": "deny"}}, "acl": "read"}',
    ]),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        parseRules(text);
      } catch (error) {
        assert.ok(error instanceof InputError, String(error));
      }
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(1_000) },
  );
});

const names = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 4 });
const accesses = fc.constantFrom<Access>('deny', 'read', 'write');
const ruleTexts = fc.array(fc.tuple(fc.boolean(), names, accesses), { maxLength: 8 });

test('who may write may read, whatever the rules', () => {
  fc.assert(
    fc.property(ruleTexts, names, (all, name) => {
      const authorizer = holder(textsOf(all));
      if (authorizer.mayWriteService(name)) assert.ok(authorizer.mayReadService(name));
      if (authorizer.mayWriteIntentions(name)) assert.ok(authorizer.mayReadIntentions(name));
    }),
    { numRuns: 200 },
  );
});

test('the order of policies changes nothing, and the most exact rule decides', () => {
  fc.assert(
    fc.property(ruleTexts, names, (all, name) => {
      const texts = textsOf(all);
      const answer = holder(texts).mayWriteService(name);
      assert.equal(holder(texts.toReversed()).mayWriteService(name), answer);
      assert.equal(answer, expected(all, name));
    }),
    { numRuns: 200 },
  );
});

type RuleText = readonly [isPrefix: boolean, name: string, access: Access];

function textsOf(all: readonly RuleText[]): string[] {
  return all.map(([isPrefix, name, access]) => (isPrefix ? services(name, access) : service(name, access)));
}

/** Said otherwise: of the rules that fit, those of the most exact form, and none of them denies. */
function expected(all: readonly RuleText[], name: string): boolean {
  const rank = ([isPrefix, own]: RuleText): number =>
    isPrefix ? (name.startsWith(own) ? own.length : -1) : own === name ? Number.POSITIVE_INFINITY : -1;
  const best = Math.max(...all.map(rank), -1);
  const deciding = best < 0 ? [] : all.filter((rule) => rank(rule) === best);
  return deciding.some(([, , access]) => access === 'write') && !deciding.some(([, , access]) => access === 'deny');
}
