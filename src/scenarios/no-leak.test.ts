/** A proxy that has served thousands of connections holds no more than one that has served few. */

import assert from 'node:assert/strict';
import { execPath } from 'node:process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../testing/index.ts';

interface Round {
  readonly handles: number;
  readonly heap: number;
  readonly resident: number;
}

const program = fileURLToPath(new URL('./no-leak/rounds.ts', import.meta.url));

test('six rounds of 1000 connections leave handles, heap and memory as they were', { timeout: 180_000 }, async () => {
  const { code, stdout, stderr } = await runProgram(execPath, ['--expose-gc', program]);
  assert.equal(code, 0, stderr);
  const rounds: Round[] = JSON.parse(stdout);
  const [before, last] = rounds.slice(-2);
  assert.ok(before && last && rounds.length === 6, stdout);
  assert.equal(last.handles, before.handles, stdout);
  assert.ok(last.heap <= before.heap * 1.05, `heap: ${stdout}`);
  assert.ok(last.resident <= before.resident * 1.1, `resident: ${stdout}`);
});
