/** What a checked service may do to the agent that checks it: nothing, but take the time that it has. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { fuzzRuns, mutatedBytes } from '../../testing/fuzz.ts';
import type { CheckDefinition } from '../state/tables.ts';
import { probeGrpc } from './grpc.ts';
import { decodeHealthStatus } from './grpc-message.ts';
import { probeH2Ping } from './h2ping.ts';
import { probeHttp } from './http.ts';
import type { Probe, ProbeResult } from './probe.ts';
import { probeTcp } from './tcp.ts';
import { probeUdp } from './udp.ts';

const kinds: Readonly<Record<string, { readonly probe: Probe; readonly to: (address: string) => CheckDefinition }>> = {
  http: { probe: probeHttp, to: (address) => ({ type: 'http', http: `http://${address}/` }) },
  https: { probe: probeHttp, to: (address) => ({ type: 'http', http: `https://${address}/` }) },
  grpc: { probe: probeGrpc, to: (address) => ({ type: 'grpc', grpc: address }) },
  h2ping: { probe: probeH2Ping, to: (address) => ({ type: 'h2ping', h2ping: address, h2pingPlain: true }) },
};

const megabyte = 1 << 20;
const never = new AbortController().signal;

/** A frame of HTTP/2. */
function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

const settings = frame(4, 0, 0);
const endHeaders = 4;
/** `:status: 200`, from the table of HPACK. */
const ok = Buffer.from([0x88]);
const answer = [settings, frame(1, endHeaders, 1, ok), frame(0, 0, 1, Buffer.from('00000000020801', 'hex'))];
const goodHttp2 = Buffer.concat([...answer, frame(1, 5, 1, Buffer.from('\x00\x0bgrpc-status\x010', 'latin1'))]);
const goodHttp = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: y\r\n\r\nok';

/** A beginning, and what then comes again and again for as long as anybody reads. */
const floods: readonly (readonly [
  kind: keyof typeof kinds,
  name: string,
  start: string | Buffer,
  more: string | Buffer,
])[] = [
  ['http', 'one header without end', 'HTTP/1.1 200 OK\r\nX: ', 'x'.repeat(4096)],
  ['http', 'headers without end', 'HTTP/1.1 200 OK\r\n', 'X: y\r\n'.repeat(700)],
  ['http', 'a reason without end', 'HTTP/1.1 200 ', 'x'.repeat(4096)],
  ['http', 'early hints without end', '', 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n'.repeat(100)],
  ['http', 'a body without end', 'HTTP/1.1 200 OK\r\n\r\n', 'x'.repeat(4096)],
  [
    'http',
    'an extension of a chunk without end',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;',
    'x'.repeat(4096),
  ],
  [
    'http',
    'trailers without end',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n',
    'X: y\r\n'.repeat(700),
  ],
  ['https', 'no TLS, without end', '', 'x'.repeat(4096)],
  [
    'grpc',
    'headers without end',
    Buffer.concat([settings, frame(1, 0, 1, ok)]),
    frame(9, 0, 1, `\0\x01x\x7f\x00${'y'.repeat(127)}`),
  ],
  ['grpc', 'a message without end', Buffer.concat(answer), frame(0, 0, 1, 'x'.repeat(4096))],
  ['grpc', 'pings without end', settings, frame(6, 0, 0, '12345678')],
  ['grpc', 'settings without end', settings, settings],
  ['grpc', 'empty data without end', Buffer.concat(answer), frame(0, 0, 1)],
  ['grpc', 'answers to what was not asked', settings, frame(1, endHeaders, 3, ok)],
  ['h2ping', 'pings without end', settings, frame(6, 0, 0, '12345678')],
  ['h2ping', 'no HTTP/2, without end', '', 'x'.repeat(4096)],
];

for (const [kind, name, start, more] of floods)
  test(`of ${name} a check of ${kind} reads little`, { timeout: 20_000 }, async () => {
    const takenAll = new AbortController();
    await using target = await answering((socket) => {
      socket.write(start);
      flood(socket, Buffer.from(more), 16 * megabyte, () => takenAll.abort());
    });
    const { probe, to } = kinds[kind] ?? assert.fail();
    const { output } = await probe(to(target.address), takenAll.signal);
    assert.equal(takenAll.signal.aborted, false, 'the check ended before the target did');
    assert.ok(output.length < 32 * 1024, `${output.length} characters of output`);
  });

test('whatever a target answers, damaged or cut off or not at all, a check has a result in its time', {
  timeout: 120_000,
}, async () => {
  const bytes = fc.oneof(mutatedBytes([goodHttp2, Buffer.from(goodHttp)]), fc.uint8Array({ maxLength: 60 }));
  await fc.assert(
    fc.asyncProperty(
      bytes,
      fc.boolean(),
      fc.constantFrom(...Object.values(kinds)),
      async (sent, isOpen, { probe, to }) => {
        const timeUp = new AbortController();
        await using target = await answering((socket) => {
          if (isOpen) socket.write(sent, () => timeUp.abort());
          else socket.end(sent);
        });
        const { status, output } = await probe(to(target.address), timeUp.signal);
        assert.match(status, /^(?:passing|warning|critical)$/);
        assert.ok(output.length < 128 * 1024);
      },
    ),
    { numRuns: fuzzRuns(200) },
  );
});

test('what was answered well is passing', async () => {
  for (const [kind, bytes] of [
    ['http', goodHttp],
    ['grpc', goodHttp2],
  ] as const) {
    await using target = await answering((socket) => socket.write(bytes));
    const { probe, to } = kinds[kind] ?? assert.fail();
    assert.equal((await probe(to(target.address), never)).status, 'passing', kind);
  }
});

test('damaged health answers are a status or none', () => {
  const good = ['00000000020801', '0000000000', '00000000071203616263080 2'.replace(' ', '')].map((hex) =>
    Buffer.from(hex, 'hex'),
  );
  fc.assert(
    fc.property(mutatedBytes(good), (bytes) => {
      const status = decodeHealthStatus(bytes);
      assert.ok(status === undefined || status >= 0);
    }),
    { numRuns: fuzzRuns(2_000) },
  );
});

test('no text for a target makes a check throw', { timeout: 60_000 }, async () => {
  const host = fc.constantFrom(
    '',
    '\0',
    'a\0b',
    '127.0.0.1',
    '127.0.0.1\n',
    '[::1]',
    '[]',
    '[%]',
    '[zz]',
    '%zz',
    'a@b',
    ' ',
    '\ud800',
  );
  const target = fc
    .tuple(host, fc.constantFrom('', ':', ':0', ':00000', ':1', ':65536', ':1/\n', '/%zz'))
    .map((all) => all.join(''));
  const over = new AbortController();
  over.abort();
  const probes: readonly ((text: string) => Promise<ProbeResult>)[] = [
    ...Object.values(kinds).map(
      ({ probe, to }) =>
        (text: string) =>
          probe(to(text), over.signal),
    ),
    (tcp) => probeTcp({ type: 'tcp', tcp }, over.signal),
    (udp) => probeUdp({ type: 'udp', udp }, over.signal),
  ];
  await fc.assert(
    fc.asyncProperty(target, fc.constantFrom(...probes), async (text, probe) => {
      assert.equal((await probe(text)).status, 'critical');
    }),
    { numRuns: fuzzRuns(300) },
  );
});

test('a UDP check of a name that does not exist is critical', async () => {
  const { status, output } = await probeUdp({ type: 'udp', udp: 'nowhere.invalid:53' }, never);
  assert.equal(status, 'critical');
  assert.match(output, /^dial udp/);
});

/** Writes `piece` until the other end leaves, or `most` bytes are taken; then calls `then`. */
function flood(socket: Socket, piece: Buffer, most: number, then: () => void): void {
  const batch = Buffer.concat(Array.from({ length: Math.ceil((1 << 16) / piece.length) }, () => piece));
  let left = most;
  const more = (): void => {
    while (!socket.destroyed && left > 0) {
      left -= batch.length;
      if (!socket.write(batch)) return void socket.once('drain', more);
    }
    if (left <= 0) then();
  };
  more();
}

async function answering(answer: (socket: Socket) => void): Promise<AsyncDisposable & { readonly address: string }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => {
      socket.resume();
      answer(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
