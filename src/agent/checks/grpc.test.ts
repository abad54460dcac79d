import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import {
  createSecureServer,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { createThrowawayCa } from '../../issuing/index.ts';
import { probeGrpc } from './grpc.ts';
import { decodeHealthStatus, encodeHealthRequest } from './grpc-message.ts';
import { probeH2Ping } from './h2ping.ts';

const never = new AbortController().signal;

/** The service that is asked for decides; held against what a real agent of 1.8.7 says of the same server. */
const table: readonly (readonly [service: string, status: string, output: string])[] = [
  ['', 'passing', 'gRPC check TARGET: success'],
  ['web', 'passing', 'gRPC check TARGET/web: success'],
  ['not serving', 'critical', "gRPC application didn't report service healthy"],
  ['empty', 'critical', "gRPC application didn't report service healthy"],
  ['unknown', 'critical', 'rpc error: code = NotFound desc = unknown service'],
  ['http 404', 'critical', 'rpc error: code = Unimplemented desc = unexpected HTTP status code 404'],
  ['cut', 'critical', 'rpc error: code = Unavailable desc = connection closed'],
  ['garbage', 'critical', 'rpc error: code = Internal desc = the answer is no HealthCheckResponse'],
  ['endless', 'critical', 'rpc error: code = ResourceExhausted desc = received message larger than max (4096)'],
];

test('a gRPC check says what the health service says', async () => {
  await using target = await listening(createServer());
  for (const [service, status, output] of table) {
    const grpc = service === '' ? target.address : `${target.address}/${service}`;
    const expected = { status, output: output.replace('TARGET', target.address) };
    assert.deepEqual(await probeGrpc({ type: 'grpc', grpc }, never), expected, service);
  }
});

test('a gRPC check that has no answer in time is critical', async () => {
  await using target = await listening(createServer());
  const timeUp = new AbortController();
  target.server.on('stream', () => timeUp.abort());
  const result = await probeGrpc({ type: 'grpc', grpc: `${target.address}/silent` }, timeUp.signal);
  const output = 'rpc error: code = DeadlineExceeded desc = context deadline exceeded';
  assert.deepEqual(result, { status: 'critical', output });
});

test('a gRPC check of what is not there, or speaks something else', async () => {
  const { output } = await probeGrpc({ type: 'grpc', grpc: '127.0.0.1:1/web' }, never);
  assert.equal(
    output,
    'rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing dial tcp 127.0.0.1:1: connect: connection refused"',
  );
  for (const grpc of ['', 'nowhere', '/web', '127.0.0.1:99999'])
    assert.equal((await probeGrpc({ type: 'grpc', grpc }, never)).status, 'critical', grpc);
  await using other = await listening(createHttpServer());
  const answer = await probeGrpc({ type: 'grpc', grpc: other.address }, never);
  assert.equal(answer.output, 'rpc error: code = Unavailable desc = connection closed');
});

test('over TLS the target proves its name, unless the check says not to', async () => {
  const { chain: cert, key } = await (await createThrowawayCa()).issue('web');
  const names: unknown[] = [];
  const server = createSecureServer({ cert, key: key.reveal() });
  server.on('session', ({ socket }) => names.push((socket as { servername?: unknown }).servername));
  await using target = await listening(server);
  const grpc = { type: 'grpc', grpc: target.address, grpcUseTls: true } as const;
  const strict = await probeGrpc(grpc, never);
  assert.equal(strict.status, 'critical');
  assert.match(strict.output, /^rpc error: code = Unavailable desc = connection error: .*certificate/);
  const lenient = { tlsSkipVerify: true, tlsServerName: 'web.test' };
  assert.equal((await probeGrpc({ ...grpc, ...lenient }, never)).status, 'passing');
  assert.equal(names.at(-1), 'web.test');
  const ping = { type: 'h2ping', h2ping: target.address, ...lenient } as const;
  assert.deepEqual(await probeH2Ping(ping, never), { status: 'passing', output: 'HTTP2 ping was successful' });
});

test('an HTTP/2 ping is answered, or the target is critical', async () => {
  await using target = await listening(createServer());
  const plain = { type: 'h2ping', h2pingPlain: true } as const;
  assert.equal((await probeH2Ping({ ...plain, h2ping: target.address }, never)).status, 'passing');
  assert.deepEqual(await probeH2Ping({ ...plain, h2ping: '127.0.0.1:1' }, never), {
    status: 'critical',
    output: 'Failed to dial to 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: connection refused',
  });
  await using other = await listening(createHttpServer());
  assert.equal((await probeH2Ping({ ...plain, h2ping: other.address }, never)).status, 'critical');
  assert.equal(
    (await probeH2Ping({ type: 'h2ping', h2ping: target.address }, never)).status,
    'critical',
    'no TLS there',
  );
  assert.equal((await probeH2Ping({ ...plain, h2ping: target.address }, AbortSignal.abort())).status, 'critical');
});

test('any bytes are a health answer or none', () => {
  assert.equal(encodeHealthRequest('web').toString('hex'), '00000000050a03776562');
  assert.equal(encodeHealthRequest('x'.repeat(200)).readUInt32BE(1), 203);
  assert.equal(decodeHealthStatus(Buffer.from('00000000020801', 'hex')), 1);
  assert.equal(decodeHealthStatus(Buffer.from('0000000000', 'hex')), 0);
  assert.equal(decodeHealthStatus(Buffer.from('0000000007120361626308021d', 'hex')), undefined);
  assert.equal(decodeHealthStatus(Buffer.from('000000000712036162630802', 'hex')), 2, 'a field that is not known');
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, isFramed) => {
      const body = Buffer.from(bytes);
      if (isFramed && body.length >= 5) body.fill(0, 0, 5).writeUInt32BE(body.length - 5, 1);
      const status = decodeHealthStatus(body);
      assert.ok(status === undefined || status >= 0);
    }),
    { numRuns: 2_000 },
  );
});

interface Target extends AsyncDisposable {
  readonly address: string;
  readonly server: Http2Server | Http2SecureServer;
}

async function listening(
  server: Http2Server | Http2SecureServer | ReturnType<typeof createHttpServer>,
): Promise<Target> {
  const sockets = new Set<{ destroy(): unknown }>();
  server.on('connection', (socket) => sockets.add(socket));
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => undefined);
    const asked: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => asked.push(chunk));
    stream.on('end', () => answer(stream, Buffer.concat(asked).subarray(7).toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    server: server as Http2Server,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function answer(stream: ServerHttp2Stream, service: string): void {
  const grpc = { ':status': 200, 'content-type': 'application/grpc' };
  const errors: Readonly<Record<string, OutgoingHttpHeaders>> = {
    'http 404': { ':status': 404 },
    unknown: { ...grpc, 'grpc-status': '5', 'grpc-message': 'unknown%20service' },
  };
  const bodies: Readonly<Record<string, Buffer>> = {
    'not serving': Buffer.from([0, 0, 0, 0, 2, 8, 2]),
    empty: Buffer.alloc(5),
    garbage: Buffer.from('xx'),
    endless: Buffer.alloc(1_000_000),
  };
  if (service === 'silent') return;
  if (service === 'cut') stream.session?.destroy();
  else if (errors[service] !== undefined) stream.respond(errors[service], { endStream: true });
  else {
    stream.respond(grpc, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(bodies[service] ?? Buffer.from([0, 0, 0, 0, 2, 8, 1]));
  }
}
