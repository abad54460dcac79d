/** Outbound: the right instance or none, and what becomes of a connection that can't be had. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import type net from 'node:net';
import { test } from 'node:test';
import tls from 'node:tls';
import {
  Application,
  connectTo,
  echo,
  ending,
  instanceAt,
  outbound,
  roundTrip,
  type Subject,
  startInboundEngine,
  type TestCa,
  Watched,
} from './subject.ts';

export function outboundContract(subject: Subject): void {
  test('an application reaches the upstream through both engines, and both tell who is connected', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    await using web = await startOutboundEngine(subject, ca);
    const apiId = (await ca.issue('api')).spiffeId;
    const instance = instanceAt(await api.address('inbound'), apiId);
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: [instance] });

    const client = connectTo(await web.address('api'));
    await roundTrip(client);
    const { connection } = await web.next('connection opened');
    assert.deepEqual(
      [connection.role, connection.peer, connection.upstream, connection.instance],
      ['outbound', apiId, 'api', instance.id],
    );
    assert.equal((await api.next('connection opened')).connection.peer, (await ca.issue('web')).spiffeId);
    client.end();
    assert.equal((await web.next('connection closed')).reason, 'ended');
    assert.equal((await api.next('connection closed')).reason, 'ended');
  });

  test('the far end that proves another service gets not one byte, and a good instance is used instead', async () => {
    const ca = await subject.createCa();
    const { spiffeId } = await ca.issue('api');
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    await using impostor = await startTlsServer(ca, await ca.issue('other'));
    await using stranger = await startTlsServer(
      ca,
      await (await subject.createCa()).issue('api', { uriSans: [spiffeId] }),
    );
    await using web = await startOutboundEngine(subject, ca);
    const bad = [instanceAt(impostor.address, spiffeId), instanceAt(stranger.address, spiffeId)];
    const address = await web.address('api');

    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: bad });
    const client = connectTo(address);
    client.write('secret');
    assert.equal(await ending(client), 'reset');
    assert.match((await web.next('refused')).reason, /expected spiffe:.*svc\/api, got spiffe:.*svc\/other/);

    const good = instanceAt(await api.address('inbound'), spiffeId);
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: [...bad, good] });
    for (let round = 0; round < 12; round += 1) {
      const next = connectTo(address);
      await roundTrip(next, 'secret');
      next.destroy();
    }
    assert.equal(impostor.received(), 0);
    assert.equal(stranger.received(), 0);
  });

  test('an instance that refuses, or never answers, is passed over within the connect timeout', async () => {
    const ca = await subject.createCa();
    const { spiffeId } = await ca.issue('api');
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    await using silent = await Application.start(() => undefined);
    const closed = await Application.start(echo);
    const gone = closed.dialled;
    await closed[Symbol.asyncDispose]();
    await using web = await startOutboundEngine(subject, ca, { connectTimeout: 1_500 });
    const instances = [
      instanceAt(gone, spiffeId),
      instanceAt(silent.dialled, spiffeId),
      instanceAt(await api.address('inbound'), spiffeId),
    ];
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances });
    const address = await web.address('api');
    await Promise.all(Array.from({ length: 12 }, () => roundTrip(connectTo(address))));

    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: instances.slice(0, 2) });
    assert.equal(await ending(connectTo(address)), 'reset');
    assert.match((await web.next('refused')).reason, /ECONNREFUSED/);
  });

  test('connections spread over the instances, the heavier ones first', async () => {
    const ca = await subject.createCa();
    const { spiffeId } = await ca.issue('api');
    await using application = await Application.start(echo);
    await using one = await startInboundEngine(subject, ca, application.dialled);
    await using two = await startInboundEngine(subject, ca, application.dialled);
    await using web = await startOutboundEngine(subject, ca);
    const [light, heavy] = [
      instanceAt(await one.address('inbound'), spiffeId),
      instanceAt(await two.address('inbound'), spiffeId),
    ];
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: [light, { ...heavy, weight: 3 }] });
    const address = await web.address('api');
    for (let round = 0; round < 40; round += 1) await roundTrip(connectTo(address));
    const [few, many] = [one.engine.counters().openConnections.inbound, two.engine.counters().openConnections.inbound];
    assert.equal(few + many, 40);
    assert.ok(few >= 4 && many > few, `${few} and ${many}`);
  });

  test('the first connections wait for certificates and instances, and are reset when none come in time', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const instances = [instanceAt(await api.address('inbound'), (await ca.issue('api')).spiffeId)];
    await using web = new Watched(subject.startEngine());
    web.engine.set({ kind: 'listener', name: 'api', listener: outbound('api') });
    web.engine.set({ kind: 'listener', name: 'hurried', listener: outbound('api', { connectTimeout: 50 }) });

    assert.equal(await ending(connectTo(await web.address('hurried'))), 'reset');
    const client = connectTo(await web.address('api'));
    const answer = roundTrip(client);
    await once(client, 'connect');
    web.engine.set({ kind: 'roots', roots: ca.roots });
    web.engine.set({ kind: 'identity', identity: await ca.issue('web') });
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances });
    await answer;
  });

  test('an upstream without instances is reset at once, and says so', async () => {
    const ca = await subject.createCa();
    await using web = await startOutboundEngine(subject, ca);
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: [] });
    assert.equal(await ending(connectTo(await web.address('api'))), 'reset');
    assert.match((await web.next('refused')).reason, /no healthy instance/);
  });

  test('a refusal of the far end resets the application', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    api.engine.set({ kind: 'authorization', authorization: { kind: 'closed', reason: 'no rules yet' } });
    await using web = await startOutboundEngine(subject, ca);
    const instances = [instanceAt(await api.address('inbound'), (await ca.issue('api')).spiffeId)];
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances });
    assert.equal(await ending(connectTo(await web.address('api'))), 'reset');
  });
}

async function startOutboundEngine(
  subject: Subject,
  ca: TestCa,
  changes: Parameters<typeof outbound>[1] = {},
): Promise<Watched> {
  const watched = new Watched(subject.startEngine());
  watched.engine.set({ kind: 'identity', identity: await ca.issue('web') });
  watched.engine.set({ kind: 'roots', roots: ca.roots });
  watched.engine.set({ kind: 'listener', name: 'api', listener: outbound('api', changes) });
  return watched;
}

interface TlsServer extends AsyncDisposable {
  readonly address: { host: string; port: number };
  /** Bytes of applications. */
  received(): number;
}

async function startTlsServer(ca: TestCa, identity: Awaited<ReturnType<TestCa['issue']>>): Promise<TlsServer> {
  let received = 0;
  const server = tls.createServer({
    cert: identity.chain,
    key: identity.key.reveal(),
    ca: [...ca.roots.certificates],
    requestCert: true,
  });
  server.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: { host: '127.0.0.1', port: (server.address() as net.AddressInfo).port },
    received: () => received,
    [Symbol.asyncDispose]: async () => {
      server.close();
    },
  };
}
