/** Inbound: who gets in, who does not, and that nothing is dialled before that is decided. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Authorization } from '../../mtls/index.ts';
import type { RefusalStage } from '../data-plane.ts';
import {
  Application,
  connectTo,
  defaultPolicy,
  dialAsPeer,
  echo,
  ending,
  inbound,
  roundTrip,
  type Subject,
  startInboundEngine,
  Watched,
} from './subject.ts';

export function inboundContract(subject: Subject): void {
  test('a peer that may connect reaches the local service, and what happened is told', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const web = await ca.issue('web');

    const peer = dialAsPeer(await api.address('inbound'), web);
    await roundTrip(peer);
    const { connection } = await api.next('connection opened');
    assert.equal(connection.peer, web.spiffeId);
    assert.deepEqual(connection.decision, { allowed: true, reason: 'default allow' });
    assert.deepEqual(api.engine.connections(), [connection]);

    peer.end();
    const closed = await api.next('connection closed');
    assert.deepEqual([closed.id, closed.bytesIn, closed.bytesOut, closed.reason], [connection.id, 4, 4, 'ended']);
    assert.deepEqual(api.engine.connections(), []);
    assert.equal(api.engine.counters().bytes.inbound, 8);
  });

  refusals(subject);
  decisions(subject);

  test('peers that send garbage, or a byte at a time, hold nothing for longer than the handshake may take', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled, { handshakeTimeout: 300 });
    const address = await api.address('inbound');

    const garbage = Array.from({ length: 200 }, () => connectTo(address));
    const endings = garbage.map((socket) => ending(socket));
    for (const socket of garbage) socket.write(Buffer.alloc(512, 0x47));
    await Promise.all(endings);

    const slow = connectTo(address);
    const over = ending(slow);
    const drip = setInterval(() => slow.write(Buffer.from([0x16])), 20);
    assert.equal(await over, 'reset');
    clearInterval(drip);

    await roundTrip(dialAsPeer(address, await ca.issue('web')));
    assert.equal(application.sockets.length, 1, 'only the one peer with a certificate reached the application');
  });

  test('beyond its cap a listener takes no connection, and goes on when one has ended', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled, { maxConnections: 2 });
    const [address, web] = [await api.address('inbound'), await ca.issue('web')];

    const [first, second] = [dialAsPeer(address, web), dialAsPeer(address, web)];
    await Promise.all([roundTrip(first), roundTrip(second)]);
    const third = dialAsPeer(address, web);
    third.on('secureConnect', () => assert.fail('a handshake beyond the cap'));
    await ending(third);
    assert.equal((await api.next('refused')).stage, 'limit');
    first.end();
    await api.next('connection closed');
    await roundTrip(dialAsPeer(address, web));
  });

  test('an application that is down resets the peer', async () => {
    const ca = await subject.createCa();
    const application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    await application[Symbol.asyncDispose]();
    const peer = dialAsPeer(await api.address('inbound'), await ca.issue('web'));
    assert.equal(await ending(peer), 'reset');
    assert.equal((await api.next('refused')).stage, 'dial');
  });

  test('a local service may be on a Unix socket', { skip: process.platform === 'win32' }, async () => {
    const ca = await subject.createCa();
    const path = `/tmp/fairlead-${process.pid}-${Date.now()}.sock`;
    await using application = await Application.start(echo, path);
    await using api = await startInboundEngine(subject, ca, { path });
    await roundTrip(dialAsPeer(await api.address('inbound'), await ca.issue('web')));
    assert.equal(application.sockets.length, 1);
  });
}

function refusals(subject: Subject): void {
  const cases: readonly (readonly [
    string,
    RefusalStage,
    (setting: Setting) => Promise<ReturnType<typeof dialAsPeer>>,
  ])[] = [
    ['without a certificate', 'handshake', async ({ address }) => dialAsPeer(address, undefined)],
    [
      'with a certificate of another CA',
      'handshake',
      async ({ address, ca }) =>
        dialAsPeer(address, await (await subject.createCa({ trustDomain: ca.trustDomain })).issue('web')),
    ],
    [
      'with an expired leaf',
      'handshake',
      async ({ address, ca }) =>
        dialAsPeer(
          address,
          await ca.issue('web', { notBefore: Date.now() - 7_200_000, notAfter: Date.now() - 3_600_000 }),
        ),
    ],
    [
      'with two URI names',
      'identity',
      async ({ address, ca }) => {
        const { spiffeId } = await ca.issue('web');
        return dialAsPeer(address, await ca.issue('web', { uriSans: [spiffeId, spiffeId.replace('/web', '/api')] }));
      },
    ],
    [
      'of another trust domain',
      'identity',
      async ({ address, ca }) =>
        dialAsPeer(
          address,
          await ca.issue('web', { uriSans: ['spiffe://elsewhere.consul/ns/default/dc/dc1/svc/web'] }),
        ),
    ],
  ];
  for (const [who, stage, dial] of cases) {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      test(`a peer ${who} is reset and the application is not dialled (${maxVersion})`, async () => {
        const ca = await subject.createCa();
        await using application = await Application.start(echo);
        await using api = await startInboundEngine(subject, ca, application.dialled);
        const peer = await dial({
          ca,
          address: { ...(await api.address('inbound')), maxVersion } as Setting['address'],
        });
        assert.equal(await ending(peer), 'reset');
        assert.equal((await api.next('refused')).stage, stage);
        assert.equal(api.engine.counters().refused[stage], 1);
        assert.equal(application.sockets.length, 0);
      });
    }
  }

  test('a session is never resumed', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const [address, web] = [await api.address('inbound'), await ca.issue('web')];
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = dialAsPeer(address, web, { maxVersion });
      const sessions: Buffer[] = [];
      first.on('session', (session: Buffer) => sessions.push(session));
      await roundTrip(first);
      const session = sessions.at(-1) ?? first.getSession();
      const second = dialAsPeer(address, web, { maxVersion, ...(session && { session }) });
      await roundTrip(second);
      assert.equal(second.isSessionReused(), false, maxVersion);
    }
  });

  test('while there is no identity, or never was an authorization, everybody is refused', async () => {
    const ca = await subject.createCa();
    const web = await ca.issue('web');
    await using application = await Application.start(echo);
    await using api = new Watched(subject.startEngine());
    api.engine.set({ kind: 'listener', name: 'inbound', listener: inbound(application.dialled) });
    const address = await api.address('inbound');
    assert.equal(await ending(dialAsPeer(address, web)), 'reset');

    api.engine.set({ kind: 'identity', identity: await ca.issue('api') });
    api.engine.set({ kind: 'roots', roots: ca.roots });
    assert.equal(await ending(dialAsPeer(address, web)), 'reset');
    await api.next('refused', ({ stage }) => stage === 'authorization');

    api.engine.set(defaultPolicy('allow'));
    await roundTrip(dialAsPeer(address, web));
    assert.equal(application.sockets.length, 1);
  });
}

interface Setting {
  readonly ca: Awaited<ReturnType<Subject['createCa']>>;
  readonly address: { readonly host: string; readonly port: number };
}

interface Vectors {
  readonly tables: readonly {
    readonly name: string;
    readonly rules: Extract<Authorization, { kind: 'table' }>['rules'];
    readonly cases: readonly { readonly spiffeId: string; readonly decision: string; readonly id?: string }[];
  }[];
}

function decisions(subject: Subject): void {
  const file = new URL('../../intentions/vectors.json', import.meta.url);
  const { tables }: Vectors = JSON.parse(readFileSync(file, 'utf8'));

  test('every decision is that of the test vectors', async (t) => {
    const ca = await subject.createCa({ trustDomain: '11111111-2222-3333-4444-555555555555.consul' });
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    const address = await api.address('inbound');
    const leafs = new Map<string, Awaited<ReturnType<typeof ca.issue>>>();

    for (const { name, rules, cases } of tables) {
      const otherwise = { kind: 'deny', reason: 'no rule matches' } as const;
      api.engine.set({ kind: 'authorization', authorization: { kind: 'table', rules, otherwise } });
      for (const { spiffeId, decision, id } of cases) {
        await t.test(`${name}: ${spiffeId} → ${decision}`, async () => {
          const leaf = leafs.get(spiffeId) ?? (await ca.issue('any', { uriSans: [spiffeId] }));
          leafs.set(spiffeId, leaf);
          const peer = dialAsPeer(address, leaf);
          const over = ending(peer);
          if (decision === 'allow') {
            const { connection } = await api.next('connection opened');
            assert.equal(connection.decision?.intentionId, id);
            peer.destroy();
          } else if (decision === 'ask') {
            const question = await api.next('question');
            assert.equal(question.peer.spiffeId, spiffeId);
            api.engine.answer(question.id, { allowed: false, reason: 'the agent said no' });
            assert.equal((await api.next('refused')).reason, 'the agent said no');
          } else {
            const refused = await api.next('refused');
            assert.equal(refused.stage, 'authorization');
            assert.equal(refused.reason === 'no rule matches', decision === 'none', refused.reason);
            assert.equal(await over, 'reset');
          }
        });
      }
    }
  });

  test('nothing is dialled before the answer to a question', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = await startInboundEngine(subject, ca, application.dialled);
    api.engine.set({ kind: 'authorization', authorization: { kind: 'ask' } });
    const web = await ca.issue('web');
    const peer = dialAsPeer(await api.address('inbound'), web);
    const question = await api.next('question');
    assert.equal(question.peer.spiffeId, web.spiffeId);
    assert.match(question.peer.serial, /^([0-9a-f]{2}:)*[0-9a-f]{2}$/);
    assert.equal(application.sockets.length, 0);
    const reached = once(application.server, 'connection');
    api.engine.answer(question.id, { allowed: true, reason: 'the agent said yes' });
    await reached;
    await roundTrip(peer);
  });

  test('a question that nobody answers, or can put, means no', async () => {
    const ca = await subject.createCa();
    await using application = await Application.start(echo);
    await using api = new Watched(subject.startEngine({ askTimeout: 100 }));
    api.engine.set({ kind: 'identity', identity: await ca.issue('api') });
    api.engine.set({ kind: 'roots', roots: ca.roots });
    api.engine.set({ kind: 'authorization', authorization: { kind: 'ask' } });
    api.engine.set({ kind: 'listener', name: 'inbound', listener: inbound(application.dialled) });
    const [address, web] = [await api.address('inbound'), await ca.issue('web')];

    assert.equal(await ending(dialAsPeer(address, web)), 'reset');
    const late = await api.next('question');
    api.engine.answer(late.id, { allowed: true, reason: 'too late' });

    const peer = dialAsPeer(address, web);
    api.engine.answer((await api.next('question')).id, undefined);
    assert.equal(await ending(peer), 'reset');
    assert.equal(api.engine.counters().refused.authorization, 2);
    assert.equal(application.sockets.length, 0);
  });
}
