import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandPaths, commands, findCommand } from './commands.ts';
import { complete } from './completion.ts';

test('every command loads and says how it is used', async () => {
  for (const [path, entry] of Object.entries(commands)) {
    const command = await entry.load();
    assert.ok(command.help.startsWith(`Usage: fairlead ${path} `), path);
  }
});

const found: readonly (readonly [argv: string, kind: string, path?: string, rest?: readonly string[]])[] = [
  ['intention create web db', 'command', 'intention create', ['web', 'db']],
  ['connect proxy -service x', 'command', 'connect proxy', ['-service', 'x']],
  ['connect ca get-config', 'command', 'connect ca get-config', []],
  ['members', 'command', 'members', []],
  ['intention', 'group', 'intention'],
  ['connect ca bogus', 'group', 'connect ca'],
  ['intention bogus', 'group', 'intention'],
  ['bogus', 'none'],
  ['constructor', 'none'],
  ['', 'none'],
];

for (const [line, kind, path, rest] of found) {
  test(`the words [${line}] lead to ${path ?? 'nothing'}`, () => {
    const result = findCommand(line === '' ? [] : line.split(' '));
    assert.equal(result.kind, kind);
    if (result.kind !== 'none') assert.equal(result.path, path);
    if (result.kind === 'command') assert.deepEqual(result.rest, rest);
  });
}

const completions: readonly (readonly [line: string, offers: readonly string[]])[] = [
  ['fairlead inten', ['intention']],
  ['fairlead intention ', ['check', 'create', 'delete', 'explain', 'get', 'list', 'match']],
  ['fairlead intention c', ['check', 'create']],
  ['fairlead connect ca ', ['get-config', 'set-config']],
  ['fairlead intention create -de', ['-deny']],
  ['fairlead intention create --rep', ['-replace']],
  ['fairlead intention create we', []],
  ['fairlead nothing ', []],
];

for (const [line, offers] of completions) {
  test(`the shell is offered what may follow [${line}]`, async () => {
    const load = async (path: string) => {
      const result = findCommand(path.split(' '));
      return result.kind === 'command' ? await result.entry.load() : undefined;
    };
    assert.deepEqual(await complete(line, load), offers);
  });
}

test('a command without arguments offers every first word', async () => {
  const offers = await complete('fairlead ', async () => undefined);
  assert.deepEqual(offers, [...new Set(commandPaths.map((path) => path.split(' ')[0]))].sort());
});
