import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutated, pollutionCheck } from '../testing/fuzz.ts';
import { type FlagTable, formatHelp, integer, list, parseFlags, text, toggle } from './flags.ts';

const table = {
  'http-addr': text('The agent.', 'address'),
  token: text('The token.'),
  stale: toggle('Any server.'),
  ui: toggle('The page.'),
  port: integer('The port.'),
  'node-meta': list('Metadata.', 'key:value'),
} satisfies FlagTable;

const understood: readonly (readonly [argv: readonly string[], given: object, args: readonly string[]])[] = [
  [[], {}, []],
  [['-token', 'x'], { token: 'x' }, []],
  [['--token=x'], { token: 'x' }, []],
  [['-token', '-stale'], { token: '-stale' }, []],
  [['-token', '--'], { token: '--' }, []],
  [['-token='], { token: '' }, []],
  [['-token=a=b'], { token: 'a=b' }, []],
  [['-token', 'x', '-token', 'y'], { token: 'y' }, []],
  [['-stale', 'web', 'db'], { stale: true }, ['web', 'db']],
  [['-stale=false'], { stale: false }, []],
  [['-stale=T', '-ui=0'], { stale: true, ui: false }, []],
  [['-ui', '-ui=false', '-ui'], { ui: true }, []],
  [['-port', '-1'], { port: -1 }, []],
  [['-node-meta', 'a:b', '--node-meta=c:d'], { 'node-meta': ['a:b', 'c:d'] }, []],
  [['web', '-token', 'x'], {}, ['web', '-token', 'x']],
  [['-stale', '--', '-token', 'x'], { stale: true }, ['-token', 'x']],
  [['-'], {}, ['-']],
  [['-', '-stale'], {}, ['-', '-stale']],
];

for (const [argv, given, args] of understood) {
  test(`the line [${argv.join(' ')}] is read as Go reads it`, () => {
    const parsed = parseFlags(table, argv);
    assert.equal(parsed.kind, 'flags');
    const absent = { 'http-addr': undefined, token: undefined, stale: undefined, ui: undefined, port: undefined };
    assert.deepEqual({ ...parsed.values }, { ...absent, 'node-meta': [], ...given });
    assert.deepEqual(parsed.args, args);
  });
}

const refused: readonly (readonly [argv: readonly string[], message: string])[] = [
  [['-bogus'], 'flag provided but not defined: -bogus'],
  [['-bogus=3', 'web'], 'flag provided but not defined: -bogus'],
  [['-http-adr', 'x'], 'flag provided but not defined: -http-adr\nDid you mean -http-addr?'],
  [['--tokne=x'], 'flag provided but not defined: -tokne\nDid you mean -token?'],
  [['-no-stale'], 'flag provided but not defined: -no-stale'],
  [['-constructor'], 'flag provided but not defined: -constructor'],
  [['-token'], 'flag needs an argument: -token'],
  [['-stale=maybe'], 'invalid boolean value "maybe" for -stale'],
  [['-port', 'abc'], 'invalid value "abc" for flag -port: expected a whole number'],
  [['---token'], 'bad flag syntax: ---token'],
  [['-=x'], 'bad flag syntax: -=x'],
];

for (const [argv, message] of refused) {
  test(`the line [${argv.join(' ')}] is refused with a reason`, () => {
    assert.throws(() => parseFlags(table, argv), { name: 'InputError', message });
  });
}

for (const word of ['-h', '-help', '--help']) {
  test(`${word} asks for help`, () => {
    assert.equal(parseFlags(table, ['-stale', word]).kind, 'help');
  });
}

test('help shows each flag once, with one dash, and no negated form', () => {
  const help = formatHelp('fairlead thing [options]', 'Does it.', table);
  assert.match(help, /^Usage: fairlead thing \[options\]\n\nDoes it\.\n/);
  assert.match(help, /^ {2}-http-addr=<address> +The agent\.$/m);
  assert.match(help, /^ {2}-stale +Any server\.$/m);
  assert.doesNotMatch(help, /--|-no-/);
});

test('whatever a value is, it arrives unchanged, in either form', () => {
  fc.assert(
    fc.property(fc.string(), fc.boolean(), fc.constantFrom('-', '--'), (value, joined, dashes) => {
      const parsed = parseFlags(table, joined ? [`${dashes}token=${value}`] : [`${dashes}token`, value]);
      assert.equal(parsed.kind === 'flags' && parsed.values.token, value);
    }),
  );
});

test('what follows -- is never a flag', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (words) => {
      const parsed = parseFlags(table, ['-stale', '--', ...words]);
      assert.deepEqual(parsed.kind === 'flags' && parsed.args, words);
    }),
  );
});

test('any line is either read or refused with a reason', () => {
  const word = fc.oneof(
    fc.string(),
    fc.constantFrom('-token', '-stale', '-port=3', '-node-meta', '--', '-x', '__proto__'),
    mutated(['--token=x', '-stale=true', '-port=-3', '-node-meta=a:b', '--ui', '-http-addr=unix:///a']),
  );
  fc.assert(
    fc.property(fc.array(word), (argv) => {
      try {
        parseFlags(table, argv);
      } catch (error) {
        assert.equal((error as Error).name, 'InputError');
      }
      pollutionCheck();
    }),
    { numRuns: fuzzRuns(300) },
  );
});

test('a switch whose name begins with no- says what it says', () => {
  const table = { 'no-merge': toggle('x') };
  for (const [argv, value] of [
    [[], undefined],
    [['-no-merge'], true],
    [['-no-merge=true'], true],
  ] as const) {
    const parsed = parseFlags(table, argv);
    assert.equal(parsed.kind === 'flags' && parsed.values['no-merge'], value);
  }
});
