/** Listeners that come and go, events that nobody reads, and the end: what each change touches and what it leaves alone. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { test } from 'node:test';
import {
  Application,
  connectTo,
  defaultPolicy,
  dialAsPeer,
  echo,
  ending,
  inbound,
  instanceAt,
  outbound,
  readAll,
  roundTrip,
  type Subject,
  startInboundEngine,
  Watched,
} from './subject.ts';

export function lifecycleContract(subject: Subject): void {
  test('an equal resource does nothing; a changed listener is replaced alone, and its live connections go on', async () => {
    const ca = await subject.createCa();
    await using one = await Application.start(echo);
    await using two = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, one.dialled);
    api.engine.set({ kind: 'listener', name: 'other', listener: outbound('other') });
    const [address, other] = [await api.address('inbound'), await api.address('other')];
    const web = await ca.issue('web');
    const live = dialAsPeer(address, web);
    await roundTrip(live);

    const bind = { ...address };
    api.engine.set({ kind: 'listener', name: 'inbound', listener: inbound(one.dialled) });
    api.engine.set({ kind: 'listener', name: 'inbound', listener: inbound(two.dialled, { bind }) });
    assert.deepEqual(await api.address('inbound'), address);
    assert.equal(api.count('listener bound'), 3);
    await roundTrip(dialAsPeer(address, web));
    assert.deepEqual([one.sockets.length, two.sockets.length], [1, 1]);
    await roundTrip(live, 'still here');
    await once(connectTo(other), 'connect');
  });

  test('a removed listener takes no more connections and lets the live ones finish', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const [address, web] = [await api.address('inbound'), await ca.issue('web')];
    const live = dialAsPeer(address, web);
    await roundTrip(live);
    api.engine.remove({ kind: 'listener', name: 'inbound' });
    assert.equal(await ending(connectTo(address)), 'reset');
    await roundTrip(live, 'to the end');
  });

  test('a port in use is told with its code, and the other listeners work', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    api.engine.set({ kind: 'listener', name: 'taken', listener: outbound('db', { bind: application.dialled }) });
    const failed = await api.next('listener failed');
    assert.deepEqual([failed.listener, failed.code], ['taken', 'EADDRINUSE']);
    await roundTrip(dialAsPeer(await api.address('inbound'), await ca.issue('web')));
  });

  test('an outbound listener may be a Unix socket, also over one that a killed process left', {
    skip: process.platform === 'win32',
  }, async () => {
    const ca = await subject.createCa();
    const path = `/tmp/fairlead-${process.pid}-${Date.now()}-out.sock`;
    await using web = new Watched(subject.startEngine());
    web.engine.set({ kind: 'identity', identity: await ca.issue('web') });
    web.engine.set({ kind: 'roots', roots: ca.roots });
    web.engine.set({ kind: 'endpoints', upstream: 'api', instances: [] });
    web.engine.set({ kind: 'listener', name: 'api', listener: outbound('api', { bind: { path } }) });
    assert.deepEqual((await web.next('listener bound')).address, { path });
    await ending(connectTo({ path })); // a Unix socket knows no reset

    await using rival = new Watched(subject.startEngine());
    rival.engine.set({ kind: 'listener', name: 'api', listener: outbound('api', { bind: { path } }) });
    assert.equal((await rival.next('listener failed')).code, 'EADDRINUSE');
  });

  test('a drain stops inbound first and serves outbound until inbound is done', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using db = await startInboundEngine(subject, ca, application.dialled);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const instances = [instanceAt(await db.address('inbound'), (await ca.issue('api')).spiffeId)];
    api.engine.set({ kind: 'endpoints', upstream: 'db', instances });
    api.engine.set({ kind: 'listener', name: 'db', listener: outbound('db') });
    const [address, local] = [await api.address('inbound'), await api.address('db')];
    const peer = dialAsPeer(address, await ca.issue('web'));
    await roundTrip(peer);

    const closed = api.engine.close();
    assert.equal(await ending(connectTo(address)), 'reset');
    const needed = connectTo(local);
    await roundTrip(needed, 'a new outbound connection during the drain');
    await roundTrip(peer, 'finishing');
    peer.end();
    await readAll(peer);
    await api.next('connection closed', ({ listener }) => listener === 'inbound');
    needed.end();
    await closed;
    assert.equal(await ending(connectTo(local)), 'reset');
  });

  test('when the time to drain is over, what is left is cut', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    const api = await startInboundEngine(subject, ca, application.dialled);
    const address = await api.address('inbound');
    const peer = dialAsPeer(address, await ca.issue('web'));
    const undecided = connectTo(address);
    await roundTrip(peer);
    const cut = [ending(peer), ending(undecided)];
    const patience = new AbortController();
    const closed = api.engine.close({ signal: patience.signal });
    patience.abort();
    await closed;
    assert.deepEqual(await Promise.all(cut), ['reset', 'reset']);
    await api.cut();
    assert.equal((await api.next('connection closed')).reason, 'the time to drain was over');
  });

  test('a reader that is slow loses connection events and is told how many, never one about a listener', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using engine = subject.startEngine({ eventCapacity: 4 });
    engine.set({ kind: 'identity', identity: await ca.issue('api') });
    engine.set({ kind: 'roots', roots: ca.roots });
    engine.set(defaultPolicy('deny'));
    const bind = { host: '127.0.0.1', port: await freePort() };
    engine.set({ kind: 'listener', name: 'inbound', listener: inbound(application.dialled, { bind }) });
    engine.set({ kind: 'listener', name: 'ready', listener: outbound('x') });
    const web = await ca.issue('web');
    for (let round = 0; round < 10; round += 1) await ending(dialAsPeer(bind, web));
    engine.set({ kind: 'listener', name: 'late', listener: outbound('y', { bind }) });

    const seen: string[] = [];
    let lost = 0;
    for await (const event of engine.events()) {
      seen.push(event.kind);
      if (event.kind === 'events lost') lost += event.count;
      if (event.kind === 'listener failed') break;
    }
    assert.equal(seen.filter((kind) => kind === 'listener bound').length, 2);
    assert.equal(seen.filter((kind) => kind === 'refused').length + lost, 10);
    assert.ok(lost >= 6);
  });
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
