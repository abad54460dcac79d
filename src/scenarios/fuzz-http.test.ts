/** Whatever is sent to the agent, it answers or hangs up, and goes on. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { startAgent } from '../agent/index.ts';
import { type Log, silentLog } from '../base/index.ts';
import { fuzzRuns, mutated } from '../testing/fuzz.ts';
import { testRuntime } from '../testing/index.ts';
import { readExchanges } from './replay/transcript.ts';

const management = '11111111-2222-3333-4444-555555555555';

/** As the transcripts have them, nothing damaged: one request a text. */
const requests = [...readExchanges('v1.10.0', 1, 332), ...readExchanges('v1.3.1', 150, 200)].map(({ request }) => ({
  line: `${request.method} ${request.target}`,
  headers: [...request.headers].filter(([name]) => !/^(host|connection|content-length|x-consul-token)$/.test(name)),
  body: request.body,
}));
const lines = requests.map(({ line }) => line);
const bodies = requests.map(({ body }) => body).filter((body) => body !== '');
const headers = [
  ...['X-Consul-Token: x', 'Authorization: Bearer x', 'Cache-Control: max-age=5, stale-if-error=3', 'Host: a'],
  ...['Accept-Encoding: gzip;q=0, *', 'Origin: http://a', 'Transfer-Encoding: chunked', 'Expect: 100-continue'],
];

function sometimes<T>(share: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  const weight = Math.round(share * 100);
  return fc.oneof({ weight, arbitrary }, { weight: 100 - weight, arbitrary: fc.constant(null) });
}

/** Damaged here and there, with the body of the same request or of another. Waits end at once. */
const requestBytes = fc
  .record({
    request: fc.constantFrom(...requests),
    line: sometimes(0.3, mutated(lines)),
    body: sometimes(0.5, fc.oneof(mutated(bodies), fc.constantFrom(...bodies), fc.json())),
    header: sometimes(0.3, mutated(headers)),
    token: fc.constantFrom(management, management, management, '', 'none'),
    raw: sometimes(0.05, fc.oneof(fc.string({ unit: 'binary' }), mutated(['GET / HTTP/1.1\r\nHost: a\r\n\r\n']))),
  })
  .map(({ request, line, body, header, token, raw }) => {
    if (raw !== null) return Buffer.from(raw);
    const content = Buffer.from(withoutProbes(body ?? request.body));
    const head = [
      `${waitingNever(line ?? request.line)} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: close',
      `X-Consul-Token: ${token}`,
      `Content-Length: ${content.length}`,
      ...(header === null ? [] : [header]),
    ];
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), content]);
  });

for (const acl of [false, true]) {
  test(`damaged requests are answered ${acl ? 'with' : 'without'} ACLs`, {
    timeout: 60_000 * fuzzRuns(1),
  }, async (t) => {
    const { log, errors } = errorLog();
    const tokens = { initialManagement: management };
    await using agent = await startAgent(
      { dev: true, http: [{ host: '127.0.0.1', port: 0 }], acl: { enabled: acl, defaultPolicy: 'deny', tokens } },
      testRuntime({ log }),
    );
    const { port } = agent.address;
    const seed = Math.floor(Math.random() * 2 ** 31);
    t.diagnostic(`seed ${seed}`);
    await fc.assert(
      fc.asyncProperty(requestBytes, async (bytes) => {
        const answer = await exchange(port, bytes);
        if (answer !== '') assert.match(answer, /^HTTP\/1\.1 [1-5]\d\d /);
        assert.deepEqual(errors, [], JSON.stringify(bytes.toString()));
      }),
      { numRuns: fuzzRuns(700), seed },
    );
    await goesOn(t, port);
  });
}

async function goesOn(t: TestContext, port: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/v1/status/leader`);
  assert.equal(answer.status, 200);
  const used = process.memoryUsage().heapUsed / 2 ** 20;
  t.diagnostic(`heap ${used.toFixed()} MiB`);
  assert.ok(used < 512, `${used} MiB of heap`);
}

/** All that comes back; empty when the agent hangs up. The client has said all it has to say. */
async function exchange(port: number, bytes: Buffer): Promise<string> {
  const socket: Socket = connect(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.on('error', () => undefined);
  const closed = once(socket, 'close');
  socket.end(bytes);
  await closed;
  return Buffer.concat(chunks).toString('latin1');
}

/** The first `wait` counts. */
function waitingNever(line: string): string {
  const at = line.indexOf('?');
  return at === -1 ? line : `${line.slice(0, at)}?wait=1ms&${line.slice(at + 1)}`;
}

/** Checks and addresses would send the agent out into the network. */
function withoutProbes(body: string): string {
  return body.replace(/"(http|tcp|grpc|udp|h2ping)"/gi, '"Notes"');
}

function errorLog(): { log: Log; errors: unknown[] } {
  const errors: unknown[] = [];
  const log: Log = { ...silentLog, with: () => log, error: (message, fields) => void errors.push([message, fields]) };
  return { log, errors };
}
