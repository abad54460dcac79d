import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { applyChange, type Change, commandFor, explain, isAllowed, type Question } from './explain.ts';
import type { Rule } from './intention.ts';
import { precedenceOf } from './precedence.ts';

interface Case {
  readonly what: string;
  /** `web allow`, `* deny`, `web deny from peer east`; with `to *` for all destinations. */
  readonly rules: readonly string[];
  readonly source?: string;
  readonly byDefault?: 'allow' | 'deny';
  readonly allowed: boolean;
  readonly decider?: string;
  readonly others?: readonly string[];
  readonly flip: readonly (string | undefined)[];
}

const cases: readonly Case[] = [
  {
    what: 'no rule: the default decides, and an exact intention turns it',
    rules: [],
    allowed: true,
    flip: ['fairlead intention create -deny web api'],
  },
  {
    what: 'an exact deny: the same intention can allow',
    rules: ['web deny', '* allow', '* deny to *'],
    allowed: false,
    decider: 'web deny',
    others: ['* allow: lower precedence', '* deny to *: lower precedence'],
    flip: ['fairlead intention create -allow -replace web api'],
  },
  {
    what: 'a wildcard that denies is left alone, since it decides about others too',
    rules: ['* deny'],
    allowed: false,
    decider: '* deny',
    flip: ['fairlead intention create -allow web api'],
  },
  {
    what: 'an intention about another source has not lost',
    rules: ['batch deny', 'web allow'],
    byDefault: 'deny',
    allowed: true,
    decider: 'web allow',
    flip: ['fairlead intention create -deny -replace web api'],
  },
  {
    what: 'permissions deny a connection',
    rules: ['web permissions'],
    allowed: false,
    decider: 'web permissions',
    flip: ['fairlead intention create -allow -replace web api'],
  },
  {
    what: 'a deny in other letters holds; where the default allows, it is enough to take it away',
    rules: ['web deny'],
    source: 'WEB',
    allowed: false,
    decider: 'web deny',
    flip: ['fairlead intention delete web api'],
  },
  {
    what: 'a deny in other letters, and nothing else allows: a name has one intention, whatever the case',
    rules: ['web deny'],
    source: 'WEB',
    byDefault: 'deny',
    allowed: false,
    decider: 'web deny',
    flip: ['fairlead intention delete web api', 'fairlead intention create -allow WEB api'],
  },
  {
    what: 'an allow in other letters is for another name',
    rules: ['web allow', '* deny'],
    source: 'Web',
    allowed: false,
    decider: '* deny',
    others: ['web allow: case'],
    flip: ['fairlead intention delete web api', 'fairlead intention create -allow Web api'],
  },
  {
    what: 'a peer of the same name is in the way: only its config entry can be changed',
    rules: ['web allow', 'web allow from peer east'],
    allowed: false,
    decider: 'web allow from peer east',
    others: ['web allow: equal'],
    flip: [undefined],
  },
  {
    what: 'the default denies behind a peer: two steps',
    rules: ['web allow from peer east'],
    byDefault: 'deny',
    allowed: false,
    decider: 'web allow from peer east',
    flip: [undefined, 'fairlead intention create -allow web api'],
  },
];

for (const { what, rules: texts, source = 'web', byDefault = 'allow', ...expected } of cases) {
  test(what, () => {
    const rules = texts.map(ruleFrom);
    const text = (rule: Rule): string => texts[rules.indexOf(rule)] ?? '';
    const found = explain(rules, ask(source, byDefault));
    assert.deepEqual(
      {
        allowed: found.allowed,
        decider: found.decider && text(found.decider),
        others: found.others.map(({ rule, why }) => `${text(rule)}: ${why}`),
        flip: found.flip.map(commandFor),
      },
      { decider: undefined, others: [], ...expected },
    );
  });
}

test('every rule is the decider, one of the others, or about another source', () => {
  fc.assert(
    fc.property(ruleSet, question, (rules, asked) => {
      const { decider, others, elsewhere } = explain(rules, asked);
      assert.equal((decider === undefined ? 0 : 1) + others.length + elsewhere, rules.length);
      assert.ok(others.every(({ rule }) => rule !== decider));
    }),
  );
});

test('the change turns the decision, and no shorter list of changes between these two services does', () => {
  fc.assert(
    fc.property(ruleSet, question, (rules, asked) => {
      const { allowed, flip } = explain(rules, asked);
      assert.equal(isAllowed(rules, asked), allowed);
      assert.equal(isAllowed(flip.reduce(applyChange, rules), asked), !allowed);
      for (const shorter of changeLists(rules, asked, flip.length - 1)) {
        assert.equal(isAllowed(shorter.reduce(applyChange, rules), asked), allowed, JSON.stringify(shorter));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('the change can be made: what it replaces or deletes is there, what it creates is not, and others keep their decision', () => {
  fc.assert(
    fc.property(ruleSet, question, question, (rules, asked, other) => {
      const { flip } = explain(rules, asked);
      let now: readonly Rule[] = rules;
      for (const change of flip) {
        assert.ok(possibleChanges(now, asked).some((one) => isDeepStrictEqual(one, change)));
        now = applyChange(now, change);
      }
      if (other.source.service.toLowerCase() === asked.source.service.toLowerCase()) return;
      assert.equal(isAllowed(now, other), isAllowed(rules, other));
    }),
    { numRuns: 1_000 },
  );
});

test('a service may be called whatever a shell would trip over', () => {
  const names = { source: "a b'c", sourceNamespace: 'x', destination: '$(d)', destinationNamespace: 'default' };
  const command = commandFor({ kind: 'create', names, action: 'deny' });
  assert.equal(command, `fairlead intention create -deny 'x/a b'\\''c' '$(d)'`);
});

function ask(service: string, byDefault: 'allow' | 'deny'): Question {
  return {
    source: { service, namespace: 'default' },
    destination: { service: 'api', namespace: 'default' },
    allowedByDefault: byDefault === 'allow',
  };
}

function ruleFrom(text: string): Rule {
  const [, source = '', action, origin, destination = 'api'] =
    /^(\S+) (\w+)(?: from (\w+ \w+))?(?: to (\S+))?$/.exec(text) ?? [];
  const names = { source, sourceNamespace: 'default', destination };
  return {
    ...names,
    action: origin !== undefined ? 'unknown' : action === 'allow' ? 'allow' : 'deny',
    precedence: precedenceOf({ ...names, destinationNamespace: 'default' }),
    ...(action === 'permissions' ? { permissions: 1 } : {}),
    ...(origin === undefined ? {} : { origin }),
  };
}

/** As an agent keeps them: each source once for a destination, whatever the case. */
const ruleSet: fc.Arbitrary<Rule[]> = fc
  .uniqueArray(
    fc.record({
      source: fc.constantFrom('web', 'WEB', 'batch', '*'),
      destination: fc.constantFrom('api', '*'),
      action: fc.constantFrom('allow', 'deny', 'unknown'),
      origin: fc.option(fc.constantFrom('peer east', 'peer west'), { nil: undefined, freq: 3 }),
    }),
    {
      maxLength: 7,
      selector: ({ source, destination, origin }) => `${source.toLowerCase()} ${destination} ${origin}`,
    },
  )
  .map((made) =>
    made.map(({ origin, ...rule }): Rule => {
      const names = { source: rule.source, sourceNamespace: 'default', destination: rule.destination };
      const precedence = precedenceOf({ ...names, destinationNamespace: 'default' });
      return {
        ...names,
        precedence,
        action: origin === undefined ? rule.action : 'unknown',
        ...(origin && { origin }),
      } as Rule;
    }),
  );

const question: fc.Arbitrary<Question> = fc
  .tuple(fc.constantFrom('web', 'WEB', 'batch', 'else'), fc.constantFrom('allow' as const, 'deny' as const))
  .map(([service, byDefault]) => ask(service, byDefault));

/** Every list of at most `length` changes, one possible after the other. */
function* changeLists(rules: readonly Rule[], asked: Question, length: number): Generator<readonly Change[]> {
  yield [];
  if (length <= 0) return;
  for (const first of possibleChanges(rules, asked)) {
    for (const rest of changeLists(applyChange(rules, first), asked, length - 1)) yield [first, ...rest];
  }
}

/** What an agent would let one do to the intentions between the two services of the question. */
function possibleChanges(rules: readonly Rule[], { source }: Question): Change[] {
  const exact = rules.filter(
    (rule) => rule.destination === 'api' && rule.source.toLowerCase() === source.service.toLowerCase(),
  );
  const names = (name: string) => ({
    ...{ source: name, sourceNamespace: 'default' },
    ...{ destination: 'api', destinationNamespace: 'default' },
  });
  const own = exact.find(({ origin }) => origin === undefined);
  const actions = ['allow', 'deny'] as const;
  return [
    ...exact.map(
      (rule): Change => ({ kind: 'delete', names: names(rule.source), ...(rule.origin && { origin: rule.origin }) }),
    ),
    ...actions.map(
      (action): Change =>
        own === undefined
          ? { kind: 'create', names: names(source.service), action }
          : { kind: 'replace', names: names(own.source), action },
    ),
  ];
}
