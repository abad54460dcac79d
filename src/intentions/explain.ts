/**
 * Why a connection is allowed or denied: which rule decided, what the others lost by, and what would have to change for the opposite.
 *
 * A change touches only intentions between exactly the two services that were asked about. One with a wildcard decides about others too, so
 * changing it is never the small thing to do; and an exact intention outranks it anyway.
 */

import { compileRules, decidingRule, fold } from './decide.ts';
import type { Rule, Source } from './intention.ts';
import { precedenceOf } from './precedence.ts';

export interface Question {
  readonly source: Source;
  readonly destination: { readonly service: string; readonly namespace: string };
  /** What applies where no rule matches. */
  readonly allowedByDefault: boolean;
}

export interface Explanation {
  readonly allowed: boolean;
  /** Absent: no rule matches, the default decided. */
  readonly decider: Rule | undefined;
  /** Rules about this source that did not decide, by precedence. */
  readonly others: readonly Other[];
  /** Rules of this destination that are about other sources. */
  readonly elsewhere: number;
  /** The fewest steps, in this order, after which the decision is the opposite. */
  readonly flip: readonly Change[];
}

export interface Other {
  readonly rule: Rule;
  readonly why: Why;
}

/**
 * `equal`: of rules with the same precedence one that denies goes before one that can't be evaluated, and that before one that allows.
 * `case`: the rule allows the source's name as it would be with other capitals, which is another name.
 */
export type Why = 'lower precedence' | 'equal' | 'case';

/** One edit of the intentions: of one between two names, as it is written or to be written. */
export type Change =
  | { readonly kind: 'create' | 'replace'; readonly names: ChangeNames; readonly action: 'allow' | 'deny' }
  | { readonly kind: 'delete'; readonly names: ChangeNames; readonly origin?: string };

export interface ChangeNames {
  readonly source: string;
  readonly sourceNamespace: string;
  readonly destination: string;
  readonly destinationNamespace: string;
}

/** `rules` are those that match the destination, as `compileRules` takes them. */
export function explain(rules: readonly Rule[], question: Question): Explanation {
  const { source } = question;
  const decider = decidingRule(compileRules(rules), source);
  const related = rules.filter((rule) => rule !== decider && isAbout(rule, source));
  return {
    allowed: isAllowed(rules, question),
    decider,
    others: related
      .map((rule): Other => ({ rule, why: whyNot(rule, decider, source) }))
      .sort((a, b) => b.rule.precedence - a.rule.precedence),
    elsewhere: rules.length - related.length - (decider === undefined ? 0 : 1),
    flip: findFlip(rules, question),
  };
}

/** A rule that can't be evaluated denies, as the agent does that is asked then. */
export function isAllowed(rules: readonly Rule[], { source, allowedByDefault }: Question): boolean {
  const decider = decidingRule(compileRules(rules), source);
  return decider === undefined ? allowedByDefault : decider.action === 'allow';
}

/** The rules as they are after `change`. */
export function applyChange(rules: readonly Rule[], change: Change): readonly Rule[] {
  const { destinationNamespace: _, ...names } = change.names;
  const isMeant = (rule: Rule): boolean =>
    rule.source === names.source &&
    rule.sourceNamespace === names.sourceNamespace &&
    rule.destination === names.destination &&
    rule.origin === (change.kind === 'delete' ? change.origin : undefined);
  const left = rules.filter((rule) => !isMeant(rule));
  if (change.kind === 'delete') return left;
  return [...left, { ...names, action: change.action, precedence: precedenceOf(change.names) }];
}

/** The names differ in case at most, or a wildcard stands for the source's. */
function isAbout(rule: Rule, { service, namespace }: Source): boolean {
  const fits = (written: string, asked: string): boolean => written === '*' || fold(written) === fold(asked);
  return fits(rule.source, service) && fits(rule.sourceNamespace, namespace);
}

function whyNot(rule: Rule, decider: Rule | undefined, source: Source): Why {
  const matches = decidingRule(compileRules([rule]), source) !== undefined;
  if (!matches || decider === undefined) return 'case';
  return rule.precedence < decider.precedence ? 'lower precedence' : 'equal';
}

/** Candidates from small to large; the first that is seen to turn the decision is it. */
function findFlip(rules: readonly Rule[], question: Question): readonly Change[] {
  const before = isAllowed(rules, question);
  for (const changes of candidates(rules, question, before ? 'deny' : 'allow')) {
    if (isAllowed(changes.reduce(applyChange, rules), question) !== before) return changes;
  }
  throw new Error('an exact intention outranks every other, so the last candidate decides');
}

function* candidates(
  rules: readonly Rule[],
  { source, destination }: Question,
  action: 'allow' | 'deny',
): Generator<readonly Change[]> {
  const asked: ChangeNames = {
    source: source.service,
    sourceNamespace: source.namespace,
    destination: destination.service,
    destinationNamespace: destination.namespace,
  };
  const exact = rules.filter((rule) => isAbout(rule, source) && rule.precedence === precedenceOf(asked));
  const namesOf = ({ source, sourceNamespace, destination }: Rule): ChangeNames => ({
    ...{ source, sourceNamespace, destination },
    destinationNamespace: asked.destinationNamespace,
  });
  const remove = (rule: Rule): Change => ({
    kind: 'delete',
    names: namesOf(rule),
    ...(rule.origin === undefined ? {} : { origin: rule.origin }),
  });

  // Sources of other clusters stand beside our own of the same name. Where such a rule denies, nothing is more exact than it.
  const inTheWay = action === 'allow' ? exact.filter((rule) => rule.origin !== undefined) : [];
  const cleared = inTheWay.map(remove);
  if (cleared.length > 0) yield cleared;

  // Of our own, agents keep one intention for a name, whatever the case.
  const own = exact.find((rule) => rule.origin === undefined);
  const create: Change = { kind: 'create', names: asked, action };
  if (own === undefined) return yield [...cleared, create];
  const replace: Change = { kind: 'replace', names: namesOf(own), action };
  const isSameName = own.source === asked.source && own.sourceNamespace === asked.sourceNamespace;
  // What is said of `web` is not to become what was meant for `WEB`, if taking it away is enough.
  yield* isSameName
    ? [[...cleared, replace]]
    : [
        [...cleared, remove(own)],
        [...cleared, replace],
      ];
  yield [...exact.map(remove), create];
}

/** The command that makes `change`; undefined where there is none, as for sources of other clusters. */
export function commandFor(change: Change): string | undefined {
  if (change.kind === 'delete' && change.origin !== undefined) return undefined;
  const { source, sourceNamespace, destination, destinationNamespace } = change.names;
  const ends = [formatName(sourceNamespace, source), formatName(destinationNamespace, destination)].map(quote);
  if (change.kind === 'delete') return ['fairlead intention delete', ...ends].join(' ');
  const flags = change.kind === 'replace' ? `-${change.action} -replace` : `-${change.action}`;
  return ['fairlead intention create', flags, ...ends].join(' ');
}

function formatName(namespace: string, name: string): string {
  return namespace === 'default' ? name : `${namespace}/${name}`;
}

/** For a shell, whatever a service is called. */
function quote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
