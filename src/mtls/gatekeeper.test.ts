import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../base/index.ts';
import type { Rule } from '../intentions/index.ts';
import { type Admission, Gatekeeper, type GatekeeperOptions } from './gatekeeper.ts';
import type { Authorization, Decision, Otherwise, Peer } from './state.ts';

const never = new AbortController().signal;
const askForDefault: Otherwise = { kind: 'ask', keepFor: 10_000 };

test('nobody gets in before there was an answer', async () => {
  const gate = gatekeeper();
  assert.equal((await gate.admit(web, { signal: never, cut: assert.fail })).decision.allowed, false);
  gate.set({ kind: 'closed', reason: 'no answer yet' });
  assert.deepEqual((await gate.admit(web, { signal: never, cut: assert.fail })).decision, {
    allowed: false,
    reason: 'no answer yet',
  });
});

test('the table decides, and the decision names its intention', async () => {
  const gate = gatekeeper();
  gate.set(table([rule('web', 'allow', { id: 'i-1' }), rule('*', 'deny')]));
  assert.deepEqual(await decisionOf(gate, web), {
    allowed: true,
    reason: 'intention allow web → db, precedence 9',
    intentionId: 'i-1',
  });
  assert.equal((await decisionOf(gate, batch)).allowed, false);
});

test('a change cuts exactly the connections that it forbids', async () => {
  const gate = gatekeeper();
  gate.set(table([], { kind: 'allow', reason: 'default' }));
  const [webs, batches] = [await connect(gate, web, 3), await connect(gate, batch, 2)];
  webs[2]?.admission.leave();

  gate.set(table([rule('web', 'deny')], { kind: 'allow', reason: 'default' }));
  assert.deepEqual(
    webs.map(({ cuts }) => cuts),
    [[denied], [denied], []],
  );
  gate.set(table([rule('web', 'deny'), rule('api', 'deny')], { kind: 'allow', reason: 'default' }));
  assert.deepEqual(
    [...webs, ...batches].map(({ cuts }) => cuts.length),
    [1, 1, 0, 0, 0],
  );
});

test('an answer that was asked for under an older authorization counts for nothing', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Decision>();
  const gate = gatekeeper({
    ask: () => {
      asked.resolve();
      return answer.promise;
    },
  });
  gate.set({ kind: 'ask' });
  const admitting = gate.admit(web, { signal: never, cut: assert.fail });
  await asked.promise;
  gate.set(table([rule('web', 'deny')]));
  answer.resolve({ allowed: true, reason: 'as of a moment ago' });
  assert.equal((await admitting).decision.allowed, false);
});

test('in ask mode each connection is asked for; no answer, a late one and a failure mean no', async (t) => {
  const alive = setInterval(() => undefined, 1_000); // a deadline alone keeps no process alive
  t.after(() => clearInterval(alive));
  const asked: string[] = [];
  const gate = gatekeeper({
    askTimeout: 20,
    ask: (peer) => {
      asked.push(peer.service);
      if (peer.service === 'web') return Promise.resolve({ allowed: true, reason: 'yes' });
      return peer.service === 'batch' ? Promise.reject(new Error('agent away')) : new Promise(() => undefined);
    },
  });
  gate.set({ kind: 'ask' });
  assert.equal((await decisionOf(gate, web)).allowed, true);
  assert.equal((await decisionOf(gate, web)).allowed, true);
  assert.match((await decisionOf(gate, batch)).reason, /agent away/);
  assert.match((await decisionOf(gate, peerNamed('mute'))).reason, /no answer in time/);
  assert.deepEqual(asked, ['web', 'web', 'batch', 'mute']);
});

test('when the agent must be asked again, each peer is asked for once, and only those it refuses are cut', async () => {
  const asked: string[] = [];
  const done = Promise.withResolvers<void>();
  const gate = gatekeeper({
    ask: async (peer) => {
      asked.push(peer.service);
      return { allowed: peer.service !== 'batch', reason: 'the agent says so' };
    },
  });
  gate.set(table([], { kind: 'allow', reason: 'default' }));
  const webs = await connect(gate, web, 3);
  const batches = await connect(gate, batch, 2, done.resolve);
  gate.set({ kind: 'ask' });
  await done.promise;
  assert.deepEqual(asked.sort(), ['batch', 'web']);
  assert.deepEqual(
    [...webs, ...batches].map(({ cuts }) => cuts.length),
    [0, 0, 0, 1, 1],
  );
});

test('a live peer about whom nobody answers stays, and is asked for until somebody does', async () => {
  const cut = Promise.withResolvers<void>();
  let tries = 0;
  const slept: number[] = [];
  const gate = gatekeeper({
    clock: { now: () => 0, sleep: async (ms) => void slept.push(ms) },
    ask: async () => {
      tries += 1;
      if (tries < 3) throw new Error('agent away');
      return { allowed: false, reason: 'denied at last' };
    },
  });
  gate.set(table([], { kind: 'allow', reason: 'default' }));
  const [live] = await connect(gate, web, 1, cut.resolve);
  gate.set({ kind: 'ask' });
  await cut.promise;
  assert.deepEqual(live?.cuts, ['denied at last']);
  assert.equal(slept.length, 2);
});

test('the answer for one whom no rule names stands for all of them, for a while', async () => {
  const time = { now: 0 };
  const asked: string[] = [];
  const gate = gatekeeper({
    clock: { ...systemClock, now: () => time.now },
    ask: async (peer) => {
      asked.push(peer.service);
      return { allowed: true, reason: 'default' };
    },
  });
  gate.set(table([rule('web', 'deny')], askForDefault));
  assert.equal((await decisionOf(gate, web)).allowed, false);
  await Promise.all([decisionOf(gate, batch), decisionOf(gate, peerNamed('api')), decisionOf(gate, batch)]);
  time.now = 9_999;
  assert.equal((await decisionOf(gate, peerNamed('cron'))).allowed, true);
  assert.deepEqual(asked, ['batch']);
  time.now = 10_000;
  await decisionOf(gate, batch);
  assert.deepEqual(asked, ['batch', 'batch']);
  gate.set(table([rule('web', 'allow')], askForDefault));
  await decisionOf(gate, batch);
  assert.equal(asked.length, 3);
});

test('the default stays while nobody answers, but a change of the rules takes it away', async () => {
  const time = { now: 0 };
  const away = new AbortController();
  const gate = gatekeeper({
    clock: { ...systemClock, now: () => time.now },
    ask: async () => {
      away.signal.throwIfAborted();
      return { allowed: true, reason: 'default' };
    },
  });
  gate.set(table([], askForDefault));
  assert.equal((await decisionOf(gate, web)).allowed, true);
  away.abort(new Error('agent away'));
  time.now = 3_600_000;
  assert.equal((await decisionOf(gate, batch)).allowed, true);
  gate.set(table([rule('api', 'deny')], askForDefault));
  assert.equal((await decisionOf(gate, batch)).allowed, false);
});

test('a default that has turned cuts those whom only the default had let in', async () => {
  const time = { now: 0 };
  let allowed = true;
  const gate = gatekeeper({
    clock: { ...systemClock, now: () => time.now },
    ask: async () => ({ allowed, reason: 'default' }),
  });
  gate.set(table([rule('web', 'allow')], askForDefault));
  const [named] = await connect(gate, web, 1);
  const [unnamed] = await connect(gate, batch, 1);
  allowed = false;
  time.now = 10_000;
  await decisionOf(gate, peerNamed('api'));
  assert.deepEqual([named?.cuts, unnamed?.cuts], [[], ['default']]);
});

test('a peer that leaves while it is asked for is no longer waited for', async () => {
  const gate = gatekeeper({ ask: () => new Promise(() => undefined) });
  gate.set({ kind: 'ask' });
  const gone = new AbortController();
  const admitting = gate.admit(web, { signal: gone.signal, cut: assert.fail });
  gone.abort(new Error('the peer left'));
  await assert.rejects(admitting, /the peer left/);
});

test('nine thousand live connections are decided again within a tenth of a second', async () => {
  const gate = gatekeeper();
  const rules = Array.from({ length: 1_000 }, (_, at) => rule(`service-${at}`, 'allow'));
  gate.set(table(rules));
  let cuts = 0;
  for (let at = 0; at < 9_000; at += 1)
    await gate.admit(peerNamed(`service-${at % 1_000}`), { signal: never, cut: () => (cuts += 1) });
  const start = performance.now();
  gate.set(table([...rules.slice(500), rule('*', 'deny', { precedence: 8 })]));
  const took = performance.now() - start;
  assert.equal(cuts, 4_500);
  assert.ok(took < 100, `${took.toFixed(1)} ms`);
});

const web = peerNamed('web');
const batch = peerNamed('batch');
const denied = 'intention deny web → db, precedence 9';

function peerNamed(service: string): Peer {
  const spiffeId = `spiffe://t.consul/ns/default/dc/dc1/svc/${service}`;
  return { spiffeId, service, namespace: 'default', datacenter: 'dc1', serial: '01' };
}

function rule(source: string, action: Rule['action'], more: Partial<Rule> = {}): Rule {
  return { source, sourceNamespace: 'default', destination: 'db', action, precedence: source === '*' ? 8 : 9, ...more };
}

function table(rules: readonly Rule[], otherwise: Otherwise = { kind: 'deny', reason: 'default' }): Authorization {
  return { kind: 'table', rules, otherwise };
}

function gatekeeper(options: Partial<GatekeeperOptions> = {}): Gatekeeper {
  const ask = () => assert.fail('nobody should be asked');
  return new Gatekeeper({ clock: systemClock, random: () => 0, ask, askTimeout: 5_000, ...options });
}

async function decisionOf(gate: Gatekeeper, peer: Peer): Promise<Decision> {
  const { decision, leave } = await gate.admit(peer, { signal: never, cut: assert.fail });
  leave();
  return decision;
}

async function connect(gate: Gatekeeper, peer: Peer, count: number, onCut: () => void = () => undefined) {
  const connections: { admission: Admission; cuts: string[] }[] = [];
  for (let at = 0; at < count; at += 1) {
    const cuts: string[] = [];
    const cut = (reason: string) => {
      cuts.push(reason);
      onCut();
    };
    connections.push({ admission: await gate.admit(peer, { signal: never, cut }), cuts });
  }
  return connections;
}
