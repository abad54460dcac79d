/** From a filter expression to a test of elements. */

import { Budget } from './budget.ts';
import type { Expression, Match, Operator } from './expression.ts';
import { FilterError } from './filter-error.ts';
import { testOf } from './operators.ts';
import { parseExpression } from './parse.ts';
import { type FieldShape, type Step, select } from './shape.ts';

type Test = (value: unknown, budget: Budget) => boolean;

/**
 * Whether an element fits, as `text` says; an element may lack what its shape has, which then is empty, zero or false.
 * Throws a FilterError when the text is no expression or does not fit the shape. So does the test when all its calls together become
 * too much work: make a new one for each answer.
 */
export function compileFilter(
  text: string,
  shape: FieldShape,
  budget: Budget = new Budget(),
): (element: object) => boolean {
  const test = compile(parseExpression(text), shape);
  return (element) => test(element, budget);
}

function compile(expression: Expression, shape: FieldShape): Test {
  if (expression.kind === 'match') return compileMatch(expression, shape);
  if (expression.kind === 'not') {
    const operand = compile(expression.operand, shape);
    return (element, budget) => !operand(element, budget);
  }
  const operands = expression.operands.map((operand) => compile(operand, shape));
  return expression.kind === 'and'
    ? (element, budget) => operands.every((operand) => operand(element, budget))
    : (element, budget) => operands.some((operand) => operand(element, budget));
}

function compileMatch({ selector, operator, value }: Match, shape: FieldShape): Test {
  const found = select(selector, shape);
  if ('upTo' in found) {
    throw new FilterError(`Selector ${JSON.stringify(selector.slice(0, found.upTo + 1).join('.'))} is not valid`);
  }
  const test = testOf(operator, value, found.shape, selector.join('.'));
  const whenAbsent = fitsNothing.has(operator);
  return (element, budget) => follow(element, found.steps, 0, test, whenAbsent, budget);
}

/** Operators that are true of a key that a map does not have. */
const fitsNothing: ReadonlySet<Operator> = new Set(['Not Equal', 'Not In', 'Is Empty', 'Not Matches']);

function follow(
  value: unknown,
  steps: readonly Step[],
  depth: number,
  test: Test,
  whenAbsent: boolean,
  budget: Budget,
): boolean {
  budget.spend(1);
  const step = steps[depth];
  if (step === undefined) return test(value, budget);
  if (step.kind === 'any') {
    const items: readonly unknown[] = Array.isArray(value) ? value : [];
    return items.some((item) => follow(item, steps, depth + 1, test, whenAbsent, budget));
  }
  const isThere = typeof value === 'object' && value !== null && Object.hasOwn(value, step.name);
  if (step.kind === 'key' && !isThere) return whenAbsent;
  const next = isThere ? (value as Readonly<Record<string, unknown>>)[step.name] : undefined;
  return follow(next, steps, depth + 1, test, whenAbsent, budget);
}
