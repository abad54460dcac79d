/** What each operator means for each type, and which go together. */

import type { Budget } from './budget.ts';
import type { Operator } from './expression.ts';
import { FilterError } from './filter-error.ts';
import { compilePattern } from './pattern/pattern.ts';
import { coerce } from './scalars.ts';
import type { FieldShape } from './shape.ts';

type Test = (value: unknown, budget: Budget) => boolean;

/** `name` is the selector as errors show it. Throws a FilterError when the operator or the value does not go with the type. */
export function testOf(operator: Operator, value: string, shape: FieldShape, name: string): Test {
  const refused = new FilterError(`Invalid match operator "${operator}" for selector ${JSON.stringify(name)}`);
  const negated = negations[operator];
  if (negated !== undefined) {
    const test = positiveTest(negated, value, shape, name);
    if (test === undefined) throw refused;
    return (found, budget) => !test(found, budget);
  }
  const test = positiveTest(operator, value, shape, name);
  if (test === undefined) throw refused;
  return test;
}

const negations: Readonly<Partial<Record<Operator, Operator>>> = {
  'Not Equal': 'Equal',
  'Not In': 'In',
  'Is Not Empty': 'Is Empty',
  'Not Matches': 'Matches',
};

/** Undefined when the two don't go together. */
function positiveTest(operator: Operator, value: string, shape: FieldShape, name: string): Test | undefined {
  if (typeof shape === 'string') return scalarTest(operator, value, shape, name);
  if ('members' in shape) return undefined;
  const isEmpty = operator === 'Is Empty';
  if ('map' in shape) return isEmpty ? isEmptyMap : operator === 'In' ? hasKey(value) : undefined;
  if (isEmpty) return isEmptyList;
  if (operator !== 'In' || typeof shape.list !== 'string') return undefined;
  const wanted = coerce(value, shape.list, name);
  return (found, budget) => {
    const items: readonly unknown[] = Array.isArray(found) ? found : [];
    budget.spend(items.length);
    return items.includes(wanted);
  };
}

function scalarTest(
  operator: Operator,
  value: string,
  shape: 'text' | 'integer' | 'flag',
  name: string,
): Test | undefined {
  if (operator === 'Equal') {
    const wanted = coerce(value, shape, name);
    const zero = zeros[shape];
    return (found) => (found ?? zero) === wanted;
  }
  if (shape !== 'text') return undefined;
  if (operator === 'In') {
    return (found, budget) => {
      const text = textOf(found);
      budget.spend(text.length);
      return text.includes(value);
    };
  }
  if (operator !== 'Matches') return undefined;
  const pattern = patternOf(value);
  return (found, budget) => pattern(textOf(found), budget);
}

function patternOf(value: string): ReturnType<typeof compilePattern> {
  try {
    return compilePattern(value);
  } catch (error) {
    if (!(error instanceof FilterError)) throw error;
    throw new FilterError(`Failed to compile regular expression ${JSON.stringify(value)}: ${error.message}`);
  }
}

const zeros = { text: '', integer: 0, flag: false } as const;

function textOf(found: unknown): string {
  return typeof found === 'string' ? found : '';
}

function hasKey(key: string): Test {
  return (found) => typeof found === 'object' && found !== null && Object.hasOwn(found, key);
}

function isEmptyMap(found: unknown): boolean {
  return typeof found !== 'object' || found === null || Object.keys(found).length === 0;
}

function isEmptyList(found: unknown): boolean {
  return !Array.isArray(found) || found.length === 0;
}
