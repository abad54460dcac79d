/** Many agents in one process know nothing of each other and leave nothing behind: no handle, no timer, so that the process ends by itself. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runProgram } from '../testing/index.ts';

const program = fileURLToPath(new URL('./many-agents/round.ts', import.meta.url));

for (const [count, mode, how] of [
  [20, 'listening', 'each on a port of its own'],
  [200, 'silent', 'without a listener'],
] as const) {
  test(`${count} agents in one process, ${how}, keep apart and close without a rest`, { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await runProgram(process.execPath, [program, String(count), mode]);
    assert.equal(code, 0, stderr);
    assert.equal(stderr, '');
    assert.deepEqual(JSON.parse(stdout), { strangers: [], trustDomains: count, left: 0 });
  });
}
