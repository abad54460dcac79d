import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startProgram } from '../testing/programs.ts';

/** A program that drains for ever. */
const program = `
  import { stopSignal } from ${JSON.stringify(new URL('./signals.ts', import.meta.url).href)};
  stopSignal().addEventListener('abort', () => console.log('draining'));
  setInterval(() => undefined, 1_000);
  console.log('up');
`;

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`the first ${signal} lets a command drain, the second ends it at once`, async () => {
    await using running = await startProgram(process.execPath, ['--input-type=module-typescript', '-e', program]);
    await running.line(/^up$/);
    process.kill(running.pid, signal);
    await running.line(/^draining$/);
    assert.deepEqual(await running.end(signal), { code, signal: null });
  });
}
