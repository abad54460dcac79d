import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareIntentions, precedenceOf } from './precedence.ts';

/** Source: Consul documentation, "Intentions", table of precedence. */
const table = [
  ['exact', 'exact', 'exact', 'exact', 9],
  ['exact', '*', 'exact', 'exact', 8],
  ['*', '*', 'exact', 'exact', 7],
  ['exact', 'exact', 'exact', '*', 6],
  ['exact', '*', 'exact', '*', 5],
  ['*', '*', 'exact', '*', 4],
  ['exact', 'exact', '*', '*', 3],
  ['exact', '*', '*', '*', 2],
  ['*', '*', '*', '*', 1],
] as const;

for (const [sourceNamespace, source, destinationNamespace, destination, precedence] of table) {
  test(`${sourceNamespace}/${source} to ${destinationNamespace}/${destination} has precedence ${precedence}`, () => {
    assert.equal(precedenceOf({ sourceNamespace, source, destinationNamespace, destination }), precedence);
  });
}

test('the most exact intention comes first, then names decide', () => {
  const intention = (source: string, destination: string) => {
    const names = { sourceNamespace: 'default', source, destinationNamespace: 'default', destination };
    return { ...names, precedence: precedenceOf(names) };
  };
  const sorted = [
    intention('web', 'api'),
    intention('web', 'db'),
    intention('*', 'api'),
    intention('web', '*'),
    intention('*', '*'),
  ];
  assert.deepEqual(sorted.toReversed().sort(compareIntentions), sorted);
});
