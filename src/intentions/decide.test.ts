import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseSpiffeId } from '../pki/index.ts';
import { compileRules, decide } from './decide.ts';
import type { Rule, Source, Verdict } from './intention.ts';
import { precedenceOf } from './precedence.ts';

for (const { name, rules, cases } of readVectors()) {
  test(`vectors: ${name}`, () => {
    const table = compileRules(rules);
    for (const { spiffeId, decision, id } of cases) {
      const verdict = decide(table, sourceOf(spiffeId));
      assert.deepEqual(
        { spiffeId, decision: verdict.decision, id: 'rule' in verdict ? verdict.rule.id : undefined },
        { spiffeId, decision, id },
      );
    }
  });
}

test('the table says what reading all rules one after the other would say', () => {
  fc.assert(
    fc.property(fc.array(rule(), { maxLength: 12 }), source(), (rules, asking) => {
      assert.deepEqual(decide(compileRules(rules), asking), scan(rules, asking));
    }),
    { numRuns: 2_000 },
  );
});

test('the order of the rules changes no decision', () => {
  fc.assert(
    fc.property(fc.array(rule(), { maxLength: 8 }), source(), (rules, asking) => {
      const turned = decide(compileRules(rules.toReversed()), asking);
      assert.equal(turned.decision, decide(compileRules(rules), asking).decision);
    }),
  );
});

test('a deny for a name holds for every way to write it, unless a more exact rule says otherwise', () => {
  fc.assert(
    fc.property(fc.array(rule(), { maxLength: 8 }), source(), (rules, asking) => {
      const table = compileRules(rules);
      const written = decide(table, asking);
      if (written.decision !== 'deny' || written.rule.source === '*') return;
      const shouted = decide(table, { ...asking, service: asking.service.toUpperCase() });
      assert.notEqual(shouted.decision, 'none');
      if (shouted.decision === 'allow') assert.ok(shouted.rule.precedence > written.rule.precedence);
    }),
    { numRuns: 1_000 },
  );
});

interface Vector {
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly cases: readonly { readonly spiffeId: string; readonly decision: string; readonly id?: string }[];
}

function readVectors(): readonly Vector[] {
  return JSON.parse(readFileSync(new URL('./vectors.json', import.meta.url), 'utf8')).tables;
}

function sourceOf(spiffeId: string): Source {
  const id = parseSpiffeId(spiffeId);
  assert.equal(id?.kind, 'service', spiffeId);
  return { service: id.service, namespace: id.namespace };
}

/** Few names, so that rules and sources meet. */
const name = fc.constantFrom('web', 'WEB', 'Web', 'api', '*');
const namespace = fc.constantFrom('default', 'Default', 'x', '*');

function rule(): fc.Arbitrary<Rule> {
  return fc
    .record({
      source: name,
      sourceNamespace: namespace,
      destination: fc.constantFrom('db', '*'),
      action: fc.constantFrom('allow', 'deny', 'unknown'),
      id: fc.uuid(),
    })
    .map((made) => ({ ...made, precedence: precedenceOf({ ...made, destinationNamespace: 'default' }) }));
}

function source(): fc.Arbitrary<Source> {
  return fc.record({
    service: fc.constantFrom('web', 'WEB', 'api', 'else'),
    namespace: fc.constantFrom('default', 'Default', 'x'),
  });
}

/** The definition, read slowly. */
function scan(rules: readonly Rule[], asking: Source): Verdict {
  const matching = rules.filter((one) => matches(one, asking));
  const highest = Math.max(...matching.map((one) => one.precedence));
  const equal = matching.filter((one) => one.precedence === highest);
  const first = ['deny', 'unknown', 'allow'].flatMap((action) => mostExact(equal, action))[0];
  if (first === undefined) return { decision: 'none' };
  return first.action === 'unknown' ? { decision: 'ask' } : { decision: first.action, rule: first };
}

function matches({ action, source, sourceNamespace }: Rule, asking: Source): boolean {
  const same = (a: string, b: string) => (action === 'allow' ? a === b : a.toLowerCase() === b.toLowerCase());
  return (
    (source === '*' || same(source, asking.service)) &&
    (sourceNamespace === '*' || same(sourceNamespace, asking.namespace))
  );
}

/** Of rules that are equal in all that counts: exact names before wildcards, then as they stand. */
function mostExact(rules: readonly Rule[], action: string): Rule[] {
  const ofAction = rules.filter((one) => one.action === action);
  const rank = (one: Rule) => (one.sourceNamespace === '*' ? 2 : 0) + (one.source === '*' ? 1 : 0);
  return ofAction.sort((a, b) => rank(a) - rank(b));
}
