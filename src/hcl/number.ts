/** Makes an error for what stands at `offset`. */
export type Complain = (offset: number, problem: string) => Error;

/** Decimal; in HCL hexadecimal with `0x` and octal with `0` too. Integers that JavaScript would round are refused. */
export function readNumber(digits: string, isJson: boolean, offset: number, complain: Complain): number {
  if (isJson && /^-?0[\dxX]/.test(digits)) throw complain(offset, 'numbers of JSON are decimal, without leading zeros');
  const [, sign, size = ''] = /^(-?)(.*)$/.exec(digits) ?? [];
  const isOctal = /^0\d+$/.test(size);
  const written = isOctal ? `0o${size.slice(1)}` : size;
  const value = Number(written) * (sign === '-' ? -1 : 1);
  if (Number.isNaN(value)) throw complain(offset, 'this is no number');
  const isInteger = /^(?:\d+|0[xX].*)$/.test(size);
  if (!Number.isFinite(value) || (isInteger && !Number.isSafeInteger(value)))
    throw complain(offset, 'the number is out of range');
  return value === 0 ? 0 : value;
}
