/**
 * May this source talk to this destination? Answered from a table that is compiled once per change, at a cost that does not depend on the
 * number of rules: a few map look-ups.
 *
 * Two certificates whose names differ only in case are two services to TLS, and one to a person who writes a rule. So a rule that denies
 * matches the name in any case, and one that allows only the exact name (or by wildcard): neither does `WEB` slip past a deny for `web`,
 * nor does it borrow what `web` may do. A rule that can't be evaluated here is as wary as one that denies.
 */

import type { Rule, Source, Verdict } from './intention.ts';

/** The rules of one destination, ready to be asked. */
export interface RuleTable {
  /** By namespace and name, or `*`: of the rules with the same key only the one that decides is kept. */
  readonly allowing: ReadonlyMap<string, Rule>;
  /** The same with folded names. */
  readonly guarding: ReadonlyMap<string, Rule>;
}

/** `rules` are those that match one destination, in any order. Where two are equal in every respect that counts, the first one stays. */
export function compileRules(rules: Iterable<Rule>): RuleTable {
  const allowing = new Map<string, Rule>();
  const guarding = new Map<string, Rule>();
  for (const rule of rules) {
    if (rule.action === 'allow') keepFirst(allowing, keyOf(rule.sourceNamespace, rule.source), rule);
    else keepFirst(guarding, keyOf(fold(rule.sourceNamespace), fold(rule.source)), rule);
  }
  return { allowing, guarding };
}

export function decide(table: RuleTable, source: Source): Verdict {
  const found = decidingRule(table, source);
  if (found === undefined) return { decision: 'none' };
  return found.action === 'unknown' ? { decision: 'ask' } : { decision: found.action, rule: found };
}

/** The first rule by precedence that matches; at equal precedence one that denies, then one that can't be evaluated. */
export function decidingRule(table: RuleTable, { service, namespace }: Source): Rule | undefined {
  const allowing = firstOf(table.allowing, namespace, service, undefined);
  return firstOf(table.guarding, fold(namespace), fold(service), allowing);
}

function firstOf(rules: ReadonlyMap<string, Rule>, namespace: string, name: string, first: Rule | undefined) {
  let best = first;
  for (const key of [keyOf(namespace, name), keyOf(namespace, '*'), keyOf('*', name), keyOf('*', '*')]) {
    const rule = rules.get(key);
    if (rule !== undefined && (best === undefined || goesBefore(rule, best))) best = rule;
  }
  return best;
}

function keepFirst(rules: Map<string, Rule>, key: string, rule: Rule): void {
  const other = rules.get(key);
  if (other === undefined || goesBefore(rule, other)) rules.set(key, rule);
}

const wariness = { deny: 2, unknown: 1, allow: 0 } as const;

function goesBefore(a: Rule, b: Rule): boolean {
  return a.precedence !== b.precedence ? a.precedence > b.precedence : wariness[a.action] > wariness[b.action];
}

const keyOf = (namespace: string, name: string): string => `${namespace}\0${name}`;

/** Names that fold to the same differ in case at most. */
export const fold = (name: string): string => name.toLowerCase();
