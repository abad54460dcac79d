/** The first thing that a new user runs: it shows what it promises, says so by its exit code, and leaves nothing behind. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../testing/programs.ts';

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

test('the demo with -once shows an allowed and a refused request, ends with 0 and leaves nothing running', async () => {
  const taken = createServer();
  await once(
    taken.listen(8080, '127.0.0.1').on('error', () => undefined),
    'listening',
  ).catch(() => undefined);
  try {
    await using demo = await startProgram(process.execPath, [main, 'demo', '-once']);
    const { code } = await demo.exited;
    const output = demo.output();
    assert.equal(code, 0, output);
    assert.match(output, /A request through the mesh, answered in [\d.]+ m?s/);
    assert.match(output, /proves spiffe:\/\/[0-9a-f]{8}….consul\/ns\/default\/dc\/dc1\/svc\/web/);
    assert.match(output, /lets web in: intention [0-9a-f]{8}, web → api/);
    assert.match(output, /new connection and handshake included, [\d.]+ ms/);
    assert.match(output, /answer {2}web says: api answered \{"from":"api","greeting":"hello"\}/);
    assert.match(output, /batch ──✗── api/);
    assert.match(output, /no intention matches batch → api, so the default decides: deny/);
    assert.doesNotMatch(output, /NaN|127\.0\.0\.1:8080/);
    assert.ok(!output.includes('\u001b'), 'there are colours in what is no terminal');
    await assertNothingLeft(output);
  } finally {
    taken.close();
  }
});

test('a Ctrl-C ends the demo, with everything that it has started', async () => {
  await using demo = await startProgram(process.execPath, [main, 'demo']);
  await demo.line(/an open connection web → api is held/);
  const { code } = await demo.end('SIGINT');
  const output = demo.output();
  assert.equal(code, 0, output);
  assert.match(output, /Everything is stopped\./);
  await assertNothingLeft(output);
});

test('a proxy that is killed is started again', async () => {
  await using demo = await startProgram(process.execPath, [main, 'demo']);
  await demo.line(/an open connection web → api is held/);
  const pid = Number(/kill -9 (\d+)/.exec(demo.output())?.[1]);
  process.kill(pid, 'SIGKILL');
  await demo.line(/the sidecar of api \(process \d+\) is gone; starting it again/);
  await demo.line(/the sidecar of api is back/);
  await demo.end('SIGINT');
  await assertNothingLeft(demo.output());
});

/** Its processes are gone, nobody listens where its mesh was, and its folder is gone. */
async function assertNothingLeft(output: string): Promise<void> {
  const folder = /fairlead-demo-\w+/.exec(output)?.[0];
  assert.ok(folder, output);
  assert.ok(!readdirSync(tmpdir()).includes(folder), `${folder} is still there`);
  const pids = [...output.matchAll(/kill -9 (\d+)|as process (\d+)/g)].map(([, one, other]) => Number(one ?? other));
  assert.ok(pids.length > 0, output);
  for (const pid of pids) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  // Ports from here on may meanwhile belong to another test.
  const ports = [...output.matchAll(/127\.0\.0\.1:(\d+)/g)]
    .map(([, port]) => Number(port))
    .filter((port) => port < 20_000);
  for (const port of new Set(ports)) {
    const server = createServer();
    await once(server.listen(port, '127.0.0.1'), 'listening'); // rejects where somebody still has it
    await once(server.close(), 'close');
  }
}
