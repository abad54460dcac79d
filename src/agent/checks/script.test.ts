import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import { probeScript } from './script.ts';

const never = new AbortController().signal;

/** Most rows were held against a real agent of 1.8.7. */
const table: readonly (readonly [args: readonly string[], status: string, output: string])[] = [
  [['sh', '-c', 'echo hi; echo err >&2'], 'passing', 'hi\nerr\n'],
  [['sh', '-c', 'echo w; exit 1'], 'warning', 'w\n'],
  [['sh', '-c', 'exit 2'], 'critical', ''],
  [['sh', '-c', 'kill -9 $$'], 'critical', ''],
  [['/no/such/file'], 'critical', 'fork/exec /no/such/file: no such file or directory'],
  [['no-such-program'], 'critical', 'exec: "no-such-program": executable file not found in $PATH'],
  [['/etc'], 'critical', 'fork/exec /etc: permission denied'],
  [[''], 'critical', 'fork/exec : no such file or directory'],
  [['echo', '$HOME; `id`'], 'passing', '$HOME; `id`\n'], // there is no shell
];

for (const [args, status, output] of table) {
  test(`a script ${JSON.stringify(args)} is ${status}`, async () => {
    assert.deepEqual(await probeScript({ type: 'script', args }, never), { status, output });
  });
}

test('of a long output the end is kept', async () => {
  const { output } = await probeScript({ type: 'script', args: ['seq', '3000'] }, never);
  assert.match(output, /^Captured 4096 of 13893 bytes\n\.\.\.\n\n2182\n.*3000\n$/s);
  const more = await probeScript({ type: 'script', args: ['seq', '3000'], outputMaxSize: 100_000 }, never);
  assert.match(more.output, /^1\n2\n/);
  const most = await probeScript({ type: 'script', args: ['seq', '30000'], outputMaxSize: 1e9 }, never);
  assert.match(most.output, /^Captured 65536 of /);
});

test('a script that takes too long is ended with all that it started', async () => {
  await using children = await callers(2);
  // The shell and a child in the background hold a connection each: both must be gone.
  const hold = `node -e "require('net').connect(${children.port}).resume()"`;
  const args = ['sh', '-c', `echo begun; ${hold} & ${hold}; wait`];
  const timeUp = new AbortController();
  const result = probeScript({ type: 'script', args, timeout: 1_500 }, timeUp.signal);
  await children.arrived;
  timeUp.abort();
  assert.deepEqual(await result, { status: 'critical', output: 'Timed out (1.5s) running check\n\nbegun\n' });
  await children.left;
});

test('a descendant that left the group and keeps the pipes open does not keep the check waiting', async () => {
  await using children = await callers(1);
  const call = `require('net').connect(${children.port}).resume()`;
  const program = `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(call)}], { detached: true, stdio: 'inherit' }).unref()`;
  const timeUp = new AbortController();
  const result = probeScript({ type: 'script', args: [process.execPath, '-e', program] }, timeUp.signal);
  await children.arrived;
  timeUp.abort();
  assert.equal((await result).status, 'critical');
});

test('a check that is taken back before it runs starts nothing that stays', async () => {
  const result = await probeScript({ type: 'script', args: ['sleep', '60'] }, AbortSignal.abort());
  assert.equal(result.status, 'critical');
});

interface Callers extends AsyncDisposable {
  readonly port: number;
  /** Resolves when as many as expected have connected. */
  readonly arrived: Promise<void>;
  /** Resolves when all these connections have ended, as they do with the processes that made them. */
  readonly left: Promise<void>;
}

async function callers(expected: number): Promise<Callers> {
  const arrived = Promise.withResolvers<void>();
  const left = Promise.withResolvers<void>();
  const sockets: Socket[] = [];
  let gone = 0;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    socket.once('close', () => {
      gone += 1;
      if (gone === expected) left.resolve();
    });
    if (sockets.length === expected) arrived.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    arrived: arrived.promise,
    left: left.promise,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.end(); // those that read to the end then end themselves
      server.close();
      await once(server, 'close');
    },
  };
}
