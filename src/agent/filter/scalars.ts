/** Values of expressions as the types that they are compared with. */

import { FilterError } from './filter-error.ts';

/** Throws a FilterError when `value` is none of that type. */
export function coerce(value: string, shape: 'text' | 'integer' | 'flag', name: string): string | number | boolean {
  if (shape === 'text') return value;
  const parsed = shape === 'integer' ? parseGoInteger(value) : parseGoFlag(value);
  if (typeof parsed !== 'string') return parsed;
  const [selector, shown] = [JSON.stringify(name), JSON.stringify(value)];
  const parser = shape === 'integer' ? 'ParseInt' : 'ParseBool';
  throw new FilterError(
    `Failed to coerce value ${shown} for selector ${selector}: strconv.${parser}: parsing ${shown}: ${parsed}`,
  );
}

/** With a base prefix and underscores where Go has them; what is wrong in Go's words. Source: Go, strconv.ParseInt with base 0. */
function parseGoInteger(text: string): number | string {
  const [all, sign, digits = ''] = /^([+-]?)([0-9a-zA-Z_]+)$/.exec(text) ?? [];
  const based = all !== undefined && isInteger(digits);
  if (!based) return 'invalid syntax';
  const plain = digits.replaceAll('_', '').replace(/^0(?=[0-7]+$)/, '0o');
  const value = BigInt(plain) * (sign === '-' ? -1n : 1n);
  return value >= -(2n ** 63n) && value < 2n ** 63n ? Number(value) : 'value out of range';
}

/** An underscore may stand between digits and after a prefix. */
function isInteger(digits: string): boolean {
  return (
    /^(?:0|[1-9](?:_?[0-9])*|0(?:_?[0-7])+)$/.test(digits) ||
    /^0(?:[xX](?:_?[0-9a-fA-F])+|[bB](?:_?[01])+|[oO](?:_?[0-7])+)$/.test(digits)
  );
}

/** Source: Go, strconv.ParseBool. */
function parseGoFlag(text: string): boolean | string {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  return ['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text) ? false : 'invalid syntax';
}
