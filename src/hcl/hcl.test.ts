import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../base/index.ts';
import { labelledBlocks, parseHcl, unwrapBlocks } from './index.ts';

test('HCL and JSON say the same', async () => {
  const hcl = await parseHcl('acl = "read"\nservice "web" { policy = "write" }', '');
  const json = await parseHcl('{ "acl": "read", "service": { "web": { "policy": "write" } } }', '');
  assert.deepEqual(hcl, { acl: 'read', service: [{ web: [{ policy: 'write' }] }] });
  assert.deepEqual(json, hcl);
  assert.deepEqual(await parseHcl('', ''), {});
});

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ['a {\n  b = 1\n', /^web\.hcl:3:2: object expected closing RBRACE got: EOF$/],
  ['\n\nfoo bar baz', /^web\.hcl:3:13: key 'foo bar baz' expected start of object/],
  ['x = 3000000000', /^web\.hcl: .*value out of range$/],
  ['[1]', /^web\.hcl:1:1: expected/],
  [`x = ${'['.repeat(200)}`, /^web\.hcl: .*nested more than 64 deep$/],
  [`${'a '.repeat(5_000)}{}`, /^web\.hcl: nested too deeply$/],
];

for (const [text, message] of refused)
  test(`refuses ${JSON.stringify(text).slice(0, 40)} and names the place`, async () => {
    await assert.rejects(parseHcl(text, 'web.hcl'), (error: unknown) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, message);
      return true;
    });
  });

test('a text of no file is refused with the position alone', async () => {
  await assert.rejects(parseHcl('a {', ''), { message: 'At 1:5: object expected closing RBRACE got: EOF' });
});

test('the parser leaves the process as it found it', async () => {
  await parseHcl('a = 1', '');
  assert.equal(Error.stackTraceLimit, 10);
  assert.equal(Object.hasOwn(globalThis, 'require'), false);
});

test('any text is read or refused with an InputError', async () => {
  const pieces = fc.constantFrom(
    'a',
    ' ',
    '=',
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    '\n',
    '1',
    '-',
    '.',
    '${',
    '<<E',
    '#',
    '/*',
    '\\',
    '\0',
    'é',
    '😀',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(pieces, { maxLength: 60 }).map((parts) => parts.join('')),
  );
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      await parseHcl(text, 'any.hcl').catch((error: unknown) => assert.ok(error instanceof InputError, String(error)));
    }),
    { numRuns: 500 },
  );
});

test('labelled blocks come in the order of the text, in HCL and in JSON', async () => {
  const hcl = await parseHcl('service "web" { policy = "write" }\nservice "api" {}\nservice "web" {}', '');
  assert.deepEqual(labelledBlocks((hcl as { service: unknown }).service), [
    { label: 'web', body: { policy: 'write' } },
    { label: 'api', body: {} },
    { label: 'web', body: {} },
  ]);
  assert.deepEqual(labelledBlocks({ web: { policy: 'read' } }), [{ label: 'web', body: { policy: 'read' } }]);
  assert.equal(labelledBlocks('read'), undefined);
});

test('blocks given once become maps, except where a list is wanted', async () => {
  const parsed = await parseHcl('ports { http = 1 }\nservice { name = "web"\n connect { native = true } }', '');
  assert.deepEqual(
    unwrapBlocks(parsed, (path) => path === 'service'),
    { ports: { http: 1 }, service: [{ name: 'web', connect: { native: true } }] },
  );
});
