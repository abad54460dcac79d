/** Damage to good input, for the properties of everything that reads what comes from outside. */

import assert from 'node:assert/strict';
import fc from 'fast-check';

/** So many runs; `FUZZ_RUNS=20` in the environment makes it twenty times as many. */
export function fuzzRuns(usual: number): number {
  return usual * Number(process.env['FUZZ_RUNS'] ?? 1);
}

const splinters: readonly string[] = [
  ...['', ' ', '\n', '\r\n', '\t', '\0', '"', "'", '`', '\\', '/', '//', '/*', '#', '%', '%00', '%zz', ';', '&', '?'],
  ...['{', '}', '[', ']', '(', ')', '<', '>', ',', ':', '=', '.', '..', '-', '+', '*', '$', '${', '<<E\n', '@', '|'],
  ...['0', '-0', '-1', '1e999', '9007199254740993', '99999999999999999999', '0x', 'NaN', 'null', 'true', '{}', '[]'],
  ...['__proto__', '"__proto__"', 'constructor', 'prototype', 'toString', '\ud800', '\ufeff', 'é', '😀', '\u202e'],
];

type Damage = (text: string) => string;

const damage: fc.Arbitrary<Damage> = fc
  .tuple(
    fc.constantFrom('insert', 'replace', 'delete', 'double', 'nest', 'cut', 'flip'),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.nat({ max: 12 }),
    fc.oneof(fc.constantFrom(...splinters), fc.string({ unit: 'binary', maxLength: 4 })),
  )
  .map(([kind, where, length, splinter]) => (text) => {
    const at = Math.floor(where * text.length);
    const [before, piece, after] = [text.slice(0, at), text.slice(at, at + length), text.slice(at + length)];
    switch (kind) {
      case 'insert':
        return before + splinter + piece + after;
      case 'replace':
        return before + splinter + after;
      case 'delete':
        return before + after;
      case 'double':
        return before + piece + piece + after;
      case 'nest':
        return before + piece.repeat(100) + after;
      case 'cut':
        return before;
      default:
        return before + String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << (length % 8))) + text.slice(at + 1);
    }
  });

/** One of `texts`, damaged a few times. */
export function mutated(texts: readonly string[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), fc.array(damage, { minLength: 1, maxLength: 4 }))
    .map(([text, all]) => all.reduce((damaged, one) => one(damaged), text));
}

/** The same for bytes, such as a certificate's. */
export function mutatedBytes(all: readonly Uint8Array[]): fc.Arbitrary<Buffer> {
  return mutated(all.map((bytes) => Buffer.from(bytes).toString('latin1'))).map((text) => Buffer.from(text, 'latin1'));
}

/** What `read` returns; undefined when it throws one of `refusals`. Anything else that it throws fails the test. */
export function outcomeOf<T>(
  read: () => T,
  ...refusals: readonly (abstract new (
    ...args: never[]
  ) => Error)[]
): T | undefined {
  try {
    return read();
  } catch (error) {
    assert.ok(
      refusals.some((refusal) => error instanceof refusal),
      error instanceof Error ? error.stack : String(error),
    );
    return undefined;
  }
}

/** Fails when something that was read got into every object. */
export function pollutionCheck(): void {
  const inherited: string[] = [];
  for (const key in {}) inherited.push(key);
  assert.deepEqual(inherited, []);
}
