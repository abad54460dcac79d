/** The programs in `examples/` do what they say, on the built package, as a user would run them. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startAgent } from '../agent/index.ts';
import { runProgram, testRuntime } from '../testing/index.ts';

const warning = /^\(node:\d+\) FairleadWarning: development mode: .*\n(\(Use .*\n)?$/;

test('native-http runs without an agent, and says so once', async () => {
  const { stdout, stderr } = await example('native-http.ts');
  assert.equal(stdout, 'hello web, this is /items\n');
  assert.match(stderr, warning);
});

test('native-http runs with an agent', async () => {
  await using agent = await startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }] }, testRuntime());
  const { stdout, stderr } = await example('native-http.ts', {}, `127.0.0.1:${agent.address.port}`);
  assert.equal(stdout, 'hello web, this is /items\n');
  assert.equal(stderr, '');
});

test('intentions shows a live connection being cut', async () => {
  const { stdout } = await example('intentions.ts');
  assert.deepEqual(stdout.trimEnd().split('\n').sort(), [
    'client: REFUSED_BY_PEER',
    'client: cut',
    'client: hello',
    'client: hello again',
    'echo: DENIED',
    'echo: client is connected',
    'echo: client is connected',
  ]);
});

test('the chat is tested as docs/testing-your-service.md shows', async () => {
  // Else it would take itself for a part of this run, and say so in a language of its own.
  const { stdout } = await example('chat.test.ts', { NODE_TEST_CONTEXT: undefined });
  assert.match(stdout, /^ℹ pass 3$/m);
  assert.match(stdout, /^ℹ fail 0$/m);
});

test('docs/testing-your-service.md shows the chat and its tests as they are', async () => {
  const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
  const [page, chat, tests] = [
    await read('docs/testing-your-service.md'),
    await read('examples/chat.ts'),
    await read('examples/chat.test.ts'),
  ];
  for (const shown of [chat, tests]) assert.ok(page.includes(shown.slice(shown.indexOf('import'))));
});

async function example(name: string, env: Readonly<Record<string, undefined>> = {}, ...args: readonly string[]) {
  const path = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const finished = await runProgram(process.execPath, [path, ...args], { env });
  assert.equal(finished.code, 0, finished.stdout + finished.stderr);
  return finished;
}
