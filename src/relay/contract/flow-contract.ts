/** Flow: every byte, in order, both ways, with half-close and back-pressure, and cuts that touch only whom they must. */

import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import type net from 'node:net';
import { test } from 'node:test';
import type { Rule } from '../../intentions/index.ts';
import {
  Application,
  connectTo,
  defaultPolicy,
  dialAsPeer,
  echo,
  ending,
  instanceAt,
  outbound,
  readAll,
  roundTrip,
  type Subject,
  startInboundEngine,
  type TestCa,
  Watched,
} from './subject.ts';

const mebibyte = 1024 * 1024;

export function flowContract(subject: Subject): void {
  test('64 MiB come back unchanged through a pair', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using pair = await startPair(subject, ca, application);
    const sent = randomBytes(64 * mebibyte);
    const client = pair.connect();
    const received = readAll(client);
    client.end(sent);
    const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
    assert.equal(digest(await received), digest(sent));
  });

  test('a client that ends its side first gets its whole answer', async () => {
    const ca = await subject.createCa();
    const answer = randomBytes(mebibyte);
    await using application = await Application.start((socket) => {
      void readAll(socket).then((question) => {
        assert.equal(question.toString(), 'all of the question');
        socket.end(answer);
      });
    });
    await using pair = await startPair(subject, ca, application);
    const client = pair.connect();
    const received = readAll(client);
    client.end('all of the question');
    assert.deepEqual(await received, answer);
    assert.equal((await pair.web.next('connection closed')).reason, 'ended');
  });

  test('an application that ends its side first still gets what the client sends', async () => {
    const ca = await subject.createCa();
    const { promise: got, resolve } = Promise.withResolvers<Buffer>();
    await using application = await Application.start((socket) => {
      socket.end('banner');
      void readAll(socket).then(resolve);
    });
    await using pair = await startPair(subject, ca, application);
    const client = pair.connect();
    assert.equal((await readAll(client)).toString(), 'banner');
    client.end('after the end of the other side');
    assert.equal((await got).toString(), 'after the end of the other side');
  });

  test('a crash on one side is a reset on the other, never an end', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start((socket) => {
      socket.once('data', () => socket.resetAndDestroy());
    });
    await using pair = await startPair(subject, ca, application);
    const client = pair.connect();
    client.write('go');
    assert.equal(await ending(client), 'reset');
    assert.notEqual((await pair.api.next('connection closed')).reason, 'ended');
  });

  test('256 connections at once all work', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using pair = await startPair(subject, ca, application);
    const clients = Array.from({ length: 256 }, () => pair.connect());
    await Promise.all(clients.map((client, index) => roundTrip(client, `hello from ${index}`)));
    assert.equal(pair.web.engine.counters().openConnections.outbound, 256);
    const ends = clients.map((client) => readAll(client));
    for (const client of clients) client.end();
    await Promise.all(ends);
  });

  test('a reader that reads nothing stops its sender, and what waits in between is bounded', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start((socket) => socket.pause());
    await using pair = await startPair(subject, ca, application);
    const client = pair.connect();
    const chunk = Buffer.alloc(mebibyte);
    let taken = 0;
    // Writes until half a second passes without a chunk being taken: then every buffer on the way is full.
    for (;;) {
      const flushed = new Promise<boolean>((resolve) => client.write(chunk, () => resolve(true)));
      const stuck = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 500).unref());
      if (!(await Promise.race([flushed, stuck]))) break;
      taken += chunk.length;
      assert.ok(taken < 64 * mebibyte, 'the sender was never stopped');
    }
    assert.equal(pair.web.engine.counters().openConnections.outbound, 1);
    const relayed = pair.web.engine.counters().bytes.outbound;
    assert.ok(relayed < 48 * mebibyte, `${relayed} bytes were taken from a sender whose reader sleeps`);
  });

  test('a change of authorization cuts exactly the peers that it forbids, and refuses them from then on', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const [address, web, batch] = [await api.address('inbound'), await ca.issue('web'), await ca.issue('batch')];
    const peers = {
      web: dialAsPeer(address, web),
      batch: dialAsPeer(address, batch),
      more: dialAsPeer(address, batch),
    };
    for (const peer of Object.values(peers)) await roundTrip(peer);

    const cut = [ending(peers.batch), ending(peers.more)];
    api.engine.set({
      kind: 'authorization',
      authorization: {
        kind: 'table',
        rules: [denying('batch')],
        otherwise: { kind: 'allow', reason: 'default allow' },
      },
    });
    assert.deepEqual(await Promise.all(cut), ['reset', 'reset']);
    assert.match((await api.next('connection closed')).reason, /intention deny batch/);
    assert.equal(api.engine.counters().cut, 2);
    await roundTrip(peers.web, 'still here');
    assert.equal(await ending(dialAsPeer(address, batch)), 'reset');

    api.engine.set(defaultPolicy('allow'));
    await roundTrip(dialAsPeer(address, batch));
    await roundTrip(peers.web, 'and still');
  });

  test('a new leaf and new roots serve new handshakes, and live connections stay', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using pair = await startPair(subject, ca, application);
    const before = pair.connect();
    await roundTrip(before);

    await ca.rotate();
    pair.api.engine.set({ kind: 'roots', roots: ca.roots });
    pair.web.engine.set({ kind: 'roots', roots: ca.roots });
    const renewed = await ca.issue('api');
    pair.api.engine.set({ kind: 'identity', identity: renewed });
    pair.web.engine.set({ kind: 'identity', identity: await ca.issue('web') });

    const peer = dialAsPeer(pair.address, await ca.issue('web'));
    await roundTrip(peer);
    const leaf = peer.getPeerX509Certificate();
    assert.ok(leaf !== undefined && renewed.chain.includes(leaf.toString().trim()));
    await roundTrip(pair.connect());
    await roundTrip(before, 'on the old leaf');
  });
}

function denying(source: string): Rule {
  return {
    source,
    sourceNamespace: 'default',
    destination: 'api',
    action: 'deny',
    precedence: 9,
    id: `deny-${source}`,
  };
}

interface Pair extends AsyncDisposable {
  readonly web: Watched;
  readonly api: Watched;
  /** Of the inbound listener. */
  readonly address: { host: string; port: number };
  connect(): net.Socket;
}

/** client → outbound engine → inbound engine → application. */
async function startPair(subject: Subject, ca: TestCa, application: Application): Promise<Pair> {
  const api = await startInboundEngine(subject, ca, application.dialled);
  const web = new Watched(subject.startEngine());
  web.engine.set({ kind: 'identity', identity: await ca.issue('web') });
  web.engine.set({ kind: 'roots', roots: ca.roots });
  web.engine.set({ kind: 'listener', name: 'api', listener: outbound('api') });
  const address = await api.address('inbound');
  const instances = [instanceAt(address, (await ca.issue('api')).spiffeId)];
  web.engine.set({ kind: 'endpoints', upstream: 'api', instances });
  const local = await web.address('api');
  return {
    web,
    api,
    address,
    connect: () => connectTo(local),
    [Symbol.asyncDispose]: async () => {
      await web.cut();
      await api.cut();
    },
  };
}
