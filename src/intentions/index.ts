export { compileRules, decide, type RuleTable } from './decide.ts';
export {
  type Change,
  type ChangeNames,
  commandFor,
  type Explanation,
  explain,
  type Other,
  type Question,
  type Why,
} from './explain.ts';
export type { Rule, Source, Verdict } from './intention.ts';
export { compareIntentions, type Names, precedenceOf } from './precedence.ts';
export { type IntentionFields, ruleOf } from './rule-of.ts';
