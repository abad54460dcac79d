import assert from 'node:assert/strict';
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import { systemClock } from '../base/index.ts';
import { createThrowawayCa, type IssuedIdentity, type IssueOptions } from '../issuing/index.ts';
import { createPeerServer } from './accept-peer.ts';
import { defaultTls, type MtlsState } from './context.ts';
import { dialAny } from './dial-any.ts';
import { DialError, dialInstance, peerOf } from './dial-instance.ts';
import { Loads } from './loads.ts';
import { resetConnection } from './raw-socket.ts';
import type { Instance } from './state.ts';

const ca = await createThrowawayCa();
const web: MtlsState = { identity: await ca.issue('web'), roots: ca.roots, tls: defaultTls };
const db = await ca.issue('db');
const patience = { signal: AbortSignal.timeout(60_000) };

test('an instance that proves to be the one is a socket with its identity', async () => {
  await using far = await startFar(db);
  const socket = await dialInstance(far.instance, web, patience);
  assert.equal(peerOf(socket)?.spiffeId, db.spiffeId);
  socket.end('hello');
  let echo = '';
  for await (const chunk of socket) echo += chunk;
  assert.equal(echo, 'hello');
});

test('the expected identity is compared whole; only the case of the trust domain means nothing', async () => {
  await using far = await startFar(db);
  const spiffeId = db.spiffeId.replace(ca.trustDomain, ca.trustDomain.toUpperCase());
  (await dialInstance({ ...far.instance, spiffeId }, web, patience)).destroy();
  for (const other of [
    db.spiffeId.replace('/dc1/', '/dc2/'),
    db.spiffeId.replace('/svc/db', '/svc/DB'),
    db.spiffeId.replace('/ns/default', '/ns/other'),
    db.spiffeId.replace(ca.trustDomain, 'other.consul'),
    `${db.spiffeId}/`,
    '',
  ])
    await assert.rejects(
      dialInstance({ ...far.instance, spiffeId: other }, web, patience),
      isFailure('identity'),
      other,
    );
  assert.equal(far.bytes, 0);
});

const foreign = await createThrowawayCa({ trustDomain: ca.trustDomain });
const hour = 3_600_000;
const impostors: readonly (readonly [string, () => Promise<IssuedIdentity>])[] = [
  ['the leaf of another service', () => ca.issue('web')],
  ['a leaf of another CA', () => foreign.issue('db')],
  ['an expired leaf', () => issueDb({ notBefore: Date.now() - 2 * hour, notAfter: Date.now() - hour })],
  ['a leaf for clients only', () => issueDb({ purposes: ['clientAuth'] })],
  ['two URI names', () => issueDb({ uriSans: [db.spiffeId, web.identity.spiffeId] })],
  ['no URI name', () => issueDb({ uriSans: [], dnsSans: ['db'] })],
];
for (const [who, issue] of impostors)
  test(`${who} on the far end gets not one byte, and the good instance is used instead`, async () => {
    await using bad = await startFar(await issue());
    await using good = await startFar(db);
    await assert.rejects(dialInstance(bad.instance, web, patience), isFailure('identity'));

    const loads = shunning(good.instance); // so that the bad one comes first
    const { instance, socket } = await dialAny([bad.instance, good.instance], web, {
      ...patience,
      loads,
      end: systemClock.now() + 10_000,
      clock: systemClock,
      random: () => 0,
    });
    assert.equal(instance.id, good.instance.id);
    assert.deepEqual(
      [bad, good].map((far) => loads.hasFailed(far.instance)),
      [true, false],
    );
    socket.end('secret');
    await once(socket.resume(), 'end');
    assert.equal(bad.bytes, 0);
    assert.equal(good.bytes, 'secret'.length);
  });

test('what does not listen, hangs up or talks something else is told by its stage', async () => {
  const closed = net.createServer();
  await once(closed.listen(0, '127.0.0.1'), 'listening');
  const port = (closed.address() as AddressInfo).port;
  closed.close();
  await once(closed, 'close');
  await assert.rejects(dialInstance(instanceAt(port), web, patience), isFailure('connect'));

  for (const behave of [
    (socket: net.Socket) => void socket.destroy(),
    (socket: net.Socket) => void socket.end('220 mail.example ESMTP\r\n'),
  ]) {
    const odd = net.createServer((socket) => behave(socket.on('error', () => undefined)));
    await once(odd.listen(0, '127.0.0.1'), 'listening');
    const far = instanceAt((odd.address() as AddressInfo).port);
    await assert.rejects(dialInstance(far, web, patience), isFailure('handshake'));
    odd.close();
  }
});

test('an aborted dial rejects with the reason of the signal and leaves nothing open', async () => {
  const mute = net.createServer();
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const aborting = new AbortController();
  const dialling = dialInstance(instanceAt((mute.address() as AddressInfo).port), web, { signal: aborting.signal });
  const [raw] = await once(mute, 'connection');
  raw.resume();
  aborting.abort(new Error('changed my mind'));
  await assert.rejects(dialling, /changed my mind/);
  await once(raw, 'close');
  mute.close();
});

test('an instance that does not answer leaves time for the next one', async () => {
  const mute = net.createServer((socket) => void socket.on('error', () => undefined));
  await once(mute.listen(0, '127.0.0.1'), 'listening');
  const silent = instanceAt((mute.address() as AddressInfo).port);
  await using good = await startFar(db);
  const { instance, socket } = await dialAny([silent, good.instance], web, {
    signal: AbortSignal.timeout(10_000),
    loads: shunning(good.instance),
    end: systemClock.now() + 600,
    clock: systemClock,
    random: () => 0,
  });
  assert.equal(instance, good.instance);
  socket.destroy();
  mute.close();
});

test('each instance is tried once, and the failures are told one by one', async () => {
  await using one = await startFar(await ca.issue('web'));
  await using two = await startFar(await foreign.issue('db'));
  const dialling = dialAny([one.instance, two.instance], web, {
    ...patience,
    loads: new Loads(systemClock),
    end: systemClock.now() + 10_000,
    clock: systemClock,
    random: () => 0.5,
  });
  await assert.rejects(dialling, (error: AggregateError) => {
    assert.deepEqual(
      error.errors.map((failure) => failure instanceof DialError && failure.stage),
      ['identity', 'identity'],
    );
    return true;
  });
  assert.deepEqual([one.connections, two.connections], [1, 1]);
});

test('a dialled connection that is reset is no orderly end for the far side', async () => {
  const closed = Promise.withResolvers<string>();
  await using far = await startFar(db, (socket) => {
    socket.on('error', (error: NodeJS.ErrnoException) => closed.resolve(error.code ?? ''));
    socket.on('end', () => closed.resolve('end'));
    socket.resume().write('welcome');
  });
  const socket = await dialInstance(far.instance, web, patience);
  await once(socket, 'data');
  await new Promise<unknown>((written) => socket.write('half a', written));
  resetConnection(socket);
  assert.equal(await closed.promise, 'ECONNRESET');
});

test('after a rotation a dial shows the new leaf, to a peer that knows only the old root too', async () => {
  const rotating = await createThrowawayCa();
  const oldRoots = rotating.roots;
  const far = await rotating.issue('db');
  const { server } = createPeerServer({
    state: { identity: far, roots: oldRoots, tls: defaultTls },
    handshakeTimeout: 5_000,
    maxHandshakes: 10,
    onPeer: (socket) => void socket.end('welcome'),
    onRefused: (_stage, reason) => assert.fail(reason),
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await rotating.rotate();
  const state: MtlsState = { identity: await rotating.issue('web'), roots: rotating.roots, tls: defaultTls };
  const instance = { ...instanceAt((server.address() as AddressInfo).port), spiffeId: far.spiffeId };
  const socket = await dialInstance(instance, state, patience);
  assert.equal(String((await once(socket, 'data'))[0]), 'welcome');
  socket.destroy();
  server.close();
});

function issueDb(options: IssueOptions): Promise<IssuedIdentity> {
  return ca.issue('db', options);
}

function isFailure(stage: DialError['stage']) {
  return (error: unknown) => {
    assert.ok(error instanceof DialError, String(error));
    assert.equal(error.stage, stage, error.reason);
    return true;
  };
}

function shunning(instance: Instance): Loads {
  const loads = new Loads(systemClock);
  loads.failed(instance);
  return loads;
}

function instanceAt(port: number): Instance {
  return { id: `n1/db-${port}`, host: '127.0.0.1', port, spiffeId: db.spiffeId, weight: 1 };
}

/** A far end that shows any certificate, counts what reaches its application, and echoes. */
async function startFar(identity: IssuedIdentity, handle?: (socket: tls.TLSSocket) => void) {
  const counts = { bytes: 0, connections: 0 };
  const settings = { key: identity.key.reveal(), cert: identity.chain, requestCert: true, rejectUnauthorized: false };
  const server = tls.createServer(settings, (socket) => {
    socket.allowHalfOpen = true;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      counts.bytes += chunk.length;
    });
    if (handle) handle(socket);
    else socket.pipe(socket);
  });
  server.on('connection', () => {
    counts.connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return Object.assign(counts, {
    instance: instanceAt((server.address() as AddressInfo).port),
    [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
  });
}
