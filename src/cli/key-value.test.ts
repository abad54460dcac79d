import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { fuzzRuns, mutated, outcomeOf, pollutionCheck } from '../testing/fuzz.ts';
import { agentFlags, configOfFlags } from './agent-flags.ts';
import { parseFlags } from './flags.ts';
import { asParameter, checkKeyValue, parseKeyValues } from './key-value.ts';

test('a text is split where its first sign is, and a key counts as it was last written', () => {
  assert.deepEqual(parseKeyValues(['a=b=c', 'd=', '=e', 'a=f:g']), { a: 'f:g', d: '', '': 'e' });
  assert.deepEqual(parseKeyValues(['a=b:c=d'], ':'), { 'a=b': 'c=d' });
  assert.equal(parseKeyValues([]), undefined);
  assert.equal(asParameter('a=b=c'), 'a:b=c');
});

test('any text is a key and a value that were written, or is refused', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), mutated(['a=b', '__proto__=x', 'constructor=y', '=', 'a==b'])), (text) => {
      if (outcomeOf(() => checkKeyValue(text) ?? true, InputError) === undefined) return;
      const [[key, value] = assert.fail(), ...more] = Object.entries(parseKeyValues([text]) ?? {});
      assert.deepEqual([`${key}=${value}`, more], [text, []]);
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(1_000) },
  );
});

test('the metadata of a node is what stands before and after the first colon', () => {
  const parsed = parseFlags(agentFlags, ['-node-meta', 'a=b:c', '-node-meta=d:e:f=g']);
  assert.ok(parsed.kind === 'flags');
  assert.deepEqual(configOfFlags(parsed.values)['node_meta'], { 'a=b': 'c', d: 'e:f=g' });
});
