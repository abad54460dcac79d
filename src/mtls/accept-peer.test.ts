import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { createThrowawayCa, type IssuedIdentity, type IssueOptions } from '../issuing/index.ts';
import { createPeerServer, type PeerServerOptions } from './accept-peer.ts';
import { defaultTls, type MtlsState } from './context.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'accept-peer-'));
after(() => rmSync(folder, { recursive: true }));

const ca = await createThrowawayCa();
const foreign = await createThrowawayCa({ trustDomain: ca.trustDomain });
const db: MtlsState = { identity: await ca.issue('db'), roots: ca.roots, tls: defaultTls };
const web = await ca.issue('web');

const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const ofCa = (path: string) => `spiffe://${ca.trustDomain}${path}`;

test('a peer of our roots is handed over with what its certificate says', async () => {
  await using peers = await listen();
  const client = dial(peers.port, web);
  client.write('hello');
  assert.equal(String((await once(client, 'data'))[0]), 'hello');
  const [peer] = peers.handedOver;
  assert.match(peer?.serial ?? '', /^[0-9a-f]{2}(:[0-9a-f]{2})*$/);
  assert.deepEqual(
    { ...peer, serial: '' },
    { spiffeId: web.spiffeId, service: 'web', namespace: 'default', datacenter: 'dc1', serial: '' },
  );
  client.destroy();
});

const hour = 3_600_000;
const now = Date.now();
const refusals: readonly (readonly [string, IssueOptions | undefined, string, RegExp])[] = [
  ['no certificate', undefined, 'handshake', /no certificate/],
  ['an expired leaf', { notBefore: now - 2 * hour, notAfter: now - hour }, 'handshake', /CERT_HAS_EXPIRED/],
  ['a leaf of tomorrow', { notBefore: now + hour, notAfter: now + 2 * hour }, 'handshake', /CERT_NOT_YET_VALID/],
  ['a leaf for servers only', { purposes: ['serverAuth'] }, 'handshake', /INVALID_PURPOSE/],
  ['two URI names', { uriSans: [web.spiffeId, ofCa('/ns/default/dc/dc1/svc/api')] }, 'identity', /2 URI names/],
  ['the same URI name twice', { uriSans: [web.spiffeId, web.spiffeId] }, 'identity', /2 URI names/],
  ['no URI name', { uriSans: [], dnsSans: ['web'] }, 'identity', /0 URI names/],
  [
    'the identity of an agent',
    { uriSans: [ofCa('/agent/client/dc/dc1/id/n1')] },
    'identity',
    /no identity of a service/,
  ],
  ['the identity of a CA', { uriSans: [ofCa('')] }, 'identity', /no identity of a service/],
  ['no SPIFFE ID', { uriSans: ['https://web.example/'] }, 'identity', /no identity of a service/],
  [
    'another trust domain',
    { uriSans: ['spiffe://other.consul/ns/default/dc/dc1/svc/web'] },
    'identity',
    /trust domain/,
  ],
  ['another partition', { uriSans: [ofCa('/ap/other/ns/default/dc/dc1/svc/web')] }, 'identity', /partition/],
];

for (const version of versions) {
  for (const [who, options, stage, reason] of refusals) {
    test(`${who} is refused by a reset (${version})`, async () => {
      await using peers = await listen();
      const client = dial(peers.port, options && (await ca.issue('web', options)), version);
      await refused(client);
      assert.deepEqual(peers.handedOver, []);
      assert.equal(peers.refusals[0]?.stage, stage);
      assert.match(peers.refusals[0]?.reason ?? '', reason);
    });
  }

  test(`a certificate of another CA with our trust domain is refused by a reset (${version})`, async () => {
    await using peers = await listen();
    await refused(dial(peers.port, await foreign.issue('web'), version));
    assert.deepEqual(peers.handedOver, []);
    assert.equal(peers.refusals[0]?.stage, 'handshake');
  });

  test(`no session is resumed, before or after a rotation (${version})`, async () => {
    await using peers = await listen();
    const session = join(folder, `session-${version}`);
    const flag = version === 'TLSv1.2' ? '-tls1_2' : '-tls1_3';
    for (const round of [1, 2, 3, 4]) {
      if (round === 3) peers.replace({ ...db, identity: await ca.issue('db') });
      const args = round === 1 ? ['-sess_out', session] : ['-sess_in', session, '-sess_out', session];
      assert.match(await sClient(peers.port, [flag, ...args]), /^New, TLS/m);
    }
  });
}

test('TLS 1.1 is refused', async () => {
  await using peers = await listen();
  const output = await sClient(peers.port, ['-tls1_1', '-cipher', 'ALL@SECLEVEL=0']).catch((error) => error.stdout);
  assert.match(output, /New, \(NONE\)/);
  assert.deepEqual(peers.handedOver, []);
});

test('a handshake that drips is cut at the deadline', async () => {
  await using peers = await listen({ handshakeTimeout: 300 });
  const client = net.connect(peers.port, '127.0.0.1');
  client.write(Buffer.from('1603010200010001fc0303', 'hex')); // a hello that goes on for 512 bytes
  const drip = setInterval(() => client.write('\0'), 50);
  const [error] = await once(client, 'error').finally(() => clearInterval(drip));
  assert.ok(['ECONNRESET', 'EPIPE'].includes(error.code));
  assert.deepEqual(peers.handedOver, []);
  assert.equal(peers.refusals[0]?.reason, 'the handshake took too long');
});

test('two hundred peers that send garbage are refused, and the next good one is served', async () => {
  await using peers = await listen();
  await Promise.all(
    Array.from({ length: 200 }, async (_, at) => {
      const client = net.connect(peers.port, '127.0.0.1');
      client.write(at % 2 === 0 ? 'GET / HTTP/1.1\r\n\r\n' : Buffer.alloc(300, 0x16 + at));
      const [error] = await once(client, 'error');
      assert.equal(error.code, 'ECONNRESET');
    }),
  );
  assert.deepEqual(peers.handedOver, []);
  const client = dial(peers.port, web);
  client.write('hello');
  await once(client, 'data');
  client.destroy();
});

test('beyond the limit of handshakes under way, a peer is reset at once', async () => {
  await using peers = await listen({ maxHandshakes: 1 });
  const idle = net.connect(peers.port, '127.0.0.1');
  await once(peers.server, 'connection');
  await refused(dial(peers.port, web));
  assert.equal(peers.refusals[0]?.stage, 'limit');
  idle.destroy();
  await once(idle, 'close');
});

test('a peer that says nothing and leaves is not worth a word', async () => {
  await using peers = await listen();
  const probe = net.connect(peers.port, '127.0.0.1');
  const [raw] = await once(peers.server, 'connection');
  probe.end();
  await once(raw, 'close');
  assert.deepEqual(peers.refusals, []);
});

test('without an identity every peer is reset; with one they are served; live sockets stay whatever happens', async () => {
  await using peers = await listen({ state: undefined });
  await refused(dial(peers.port, web));
  peers.replace(db);
  const live = dial(peers.port, web);
  live.write('one');
  await once(live, 'data');
  peers.replace(undefined);
  await refused(dial(peers.port, web));
  live.write('two');
  assert.equal(String((await once(live, 'data'))[0]), 'two');
  live.destroy();
});

test('after a rotation new handshakes show the new leaf and take peers of both roots, and live sockets stay', async () => {
  const rotating = await createThrowawayCa();
  const before: MtlsState = { identity: await rotating.issue('db'), roots: rotating.roots, tls: defaultTls };
  const oldPeer = await rotating.issue('web');
  const oldRoots = rotating.roots.certificates;
  await using peers = await listen({ state: before });
  const live = dial(peers.port, oldPeer, 'TLSv1.3', oldRoots);
  await once(live, 'secureConnect');
  const first = live.getPeerX509Certificate()?.serialNumber;

  await rotating.rotate();
  peers.replace({ identity: await rotating.issue('db'), roots: rotating.roots, tls: defaultTls });
  for (const [peer, roots] of [
    [oldPeer, oldRoots], // it knows the old root only: the cross-signed one must be sent along
    [await rotating.issue('web'), rotating.roots.certificates],
  ] as const) {
    const client = dial(peers.port, peer, 'TLSv1.3', roots);
    client.write('hello');
    await once(client, 'data');
    assert.notEqual(client.getPeerX509Certificate()?.serialNumber, first);
    client.destroy();
  }
  live.write('still here');
  await once(live, 'data');
  live.destroy();
});

test('a peer that has said all it has to say still gets its answer', async () => {
  const answered = Promise.withResolvers<void>();
  await using peers = await listen({
    onPeer: (socket) => {
      socket.resume().once('end', () => {
        setImmediate(() => socket.end('the whole answer'));
        answered.resolve();
      });
    },
  });
  const client = dial(peers.port, web);
  client.end('question');
  let answer = '';
  for await (const chunk of client) answer += chunk;
  await answered.promise;
  assert.equal(answer, 'the whole answer');
});

async function listen(options: Partial<PeerServerOptions> = {}) {
  const handedOver: { serial: string }[] = [];
  const refusals: { stage: string; reason: string }[] = [];
  const { server, replace } = createPeerServer({
    state: db,
    handshakeTimeout: 5_000,
    maxHandshakes: 500,
    onRefused: (stage, reason) => refusals.push({ stage, reason }),
    ...options,
    onPeer: (socket, peer, reset) => {
      handedOver.push(peer);
      if (options.onPeer) options.onPeer(socket, peer, reset);
      else socket.pipe(socket);
    },
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    server,
    port: (server.address() as AddressInfo).port,
    replace,
    handedOver,
    refusals,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

function dial(
  port: number,
  identity: IssuedIdentity | undefined,
  version: tls.SecureVersion = 'TLSv1.3',
  roots: readonly string[] = ca.roots.certificates,
): tls.TLSSocket {
  const raw = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  return tls.connect({
    socket: raw,
    ca: [...roots],
    checkServerIdentity: () => undefined,
    minVersion: version,
    maxVersion: version,
    ...(identity && { key: identity.key.reveal(), cert: identity.chain }),
  });
}

/** An end in good order would be taken for an empty answer. */
async function refused(client: tls.TLSSocket): Promise<void> {
  client.write('hello');
  const [error] = await once(client, 'error');
  assert.equal(error.code, 'ECONNRESET');
}

async function sClient(port: number, args: string[]): Promise<string> {
  const files = { 'web.pem': web.chain, 'web.key': web.key.reveal(), 'ca.pem': ca.roots.certificates.join('') };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const own = ['-cert', 'web.pem', '-key', 'web.key', '-CAfile', 'ca.pem'];
  const child = run('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, ...own, ...args], { cwd: folder });
  // The echo shows that the peer was accepted, and with TLS 1.3 that tickets, if there were any, have arrived.
  child.child.stdin?.write('echoed\n');
  child.child.stdout?.on('data', (chunk) => String(chunk).includes('echoed') && child.child.stdin?.end('Q\n'));
  return (await child).stdout;
}
