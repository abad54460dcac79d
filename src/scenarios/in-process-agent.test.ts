/** An agent in the user's own process, without a port, whose clock a test controls: everything is asked by `agent.fetch`, nothing waits. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { type Agent, startAgent } from '../agent.ts';
import { startService } from '../index.ts';
import { fakeClock } from '../testing.ts';

const second = 1_000;
const hour = 3_600 * second;

test('an agent without a listener has no address and answers all the same', async () => {
  await using agent = await startAgent({ dev: true, http: [] });
  assert.deepEqual(agent.addresses, []);
  assert.throws(() => agent.address, { message: /this agent serves HTTP on no TCP port/ });
  const { value } = await ask<string>(agent, '/v1/status/leader');
  assert.match(value, /:8300$/);
});

test('a TTL check turns critical when its time has passed on the clock, and not a moment before', async () => {
  const clock = fakeClock();
  await using agent = await startAgent({ dev: true, http: [], clock });
  await register(agent, { Name: 'web', Check: { TTL: '10s', Status: 'passing' } });
  const path = '/v1/health/checks/web';
  const first = await ask<{ Status: string }[]>(agent, path);
  await clock.advance(9_999);
  assert.equal((await ask<{ Status: string }[]>(agent, path)).value[0]?.Status, 'passing');
  const waiting = ask<{ Status: string }[]>(agent, path, first.index);
  await clock.advance(1);
  assert.equal((await waiting).value[0]?.Status, 'critical');
});

test('a service that stays critical is deregistered when its time has passed on the clock', async () => {
  const clock = fakeClock();
  await using agent = await startAgent({ dev: true, http: [], clock });
  await register(agent, { Name: 'web', Check: { TTL: '10s', DeregisterCriticalServiceAfter: '1m' } });
  const path = '/v1/catalog/service/web';
  const { index } = await ask(agent, path);
  await clock.advance(55 * second);
  assert.equal((await ask<object[]>(agent, path)).value.length, 1);
  const waiting = ask<object[]>(agent, path, index);
  await clock.advance(60 * second);
  assert.deepEqual((await waiting).value, []);
});

test('a leaf is renewed late in its life on the clock, and who waits for it gets it', async () => {
  const clock = fakeClock();
  await using agent = await startAgent({ dev: true, http: [], clock });
  const first = await ask<Leaf>(agent, '/v1/agent/connect/ca/leaf/web');
  await clock.advance(0.5 * 72 * hour);
  assert.equal((await ask<Leaf>(agent, first.path)).value.SerialNumber, first.value.SerialNumber);
  await clock.advance(0.4 * 72 * hour);
  const next = await untilChanged(agent, first);
  assert.notEqual(next.value.SerialNumber, first.value.SerialNumber);
  assert.ok(Date.parse(next.value.ValidBefore) > Date.parse(first.value.ValidBefore) + 0.5 * 72 * hour);
});

test('rotateRoot gives new roots to who waits for them, and new leafs within half a minute on the clock', async () => {
  const clock = fakeClock();
  await using agent = await startAgent({ dev: true, http: [], clock });
  const roots = await ask<Roots>(agent, '/v1/agent/connect/ca/roots');
  const leaf = await ask<Leaf>(agent, '/v1/agent/connect/ca/leaf/web');
  const [nextRoots, nextLeaf] = [untilChanged(agent, roots), untilChanged(agent, leaf)];
  await agent.rotateRoot();
  const { value } = await nextRoots;
  assert.notEqual(value.ActiveRootID, roots.value.ActiveRootID);
  assert.equal(value.Roots.length, 2);
  await clock.advance(30 * second);
  assert.notEqual((await nextLeaf).value.SerialNumber, leaf.value.SerialNumber);
});

test('allow and deny decide from the moment they resolve, and wake who waits for intentions', async () => {
  await using agent = await startAgent({ dev: true, http: [], defaultIntentionPolicy: 'deny' });
  const { value: leaf } = await ask<Leaf>(agent, '/v1/agent/connect/ca/leaf/web');
  const isAllowed = async () => {
    const body = JSON.stringify({ Target: 'api', ClientCertURI: leaf.ServiceURI, ClientCertSerial: leaf.SerialNumber });
    const answer = await agent.fetch('/v1/agent/connect/authorize', { method: 'POST', body });
    return ((await answer.json()) as { Authorized: boolean }).Authorized;
  };
  assert.equal(await isAllowed(), false);
  const before = await ask<object>(agent, '/v1/connect/intentions/match?by=destination&name=api');
  const waiting = untilChanged(agent, before);
  await agent.allow('web', 'api');
  assert.equal(await isAllowed(), true);
  await waiting;
  await agent.deny('web', 'api');
  assert.equal(await isAllowed(), false);
});

test('services of the SDK stand on it without a socket: allow lets in, deny cuts, a rotation is not noticed', async () => {
  const clock = fakeClock();
  const caConfig = { CSRMaxPerSecond: 0 };
  await using agent = await startAgent({ dev: true, http: [], clock, caConfig, defaultIntentionPolicy: 'deny' });
  await agent.allow('web', 'api');
  const { fetch } = agent;
  await using api = await startService({ name: 'api', agent: { fetch } });
  const { port } = await api.serve((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await register(agent, { Name: 'api', Address: '127.0.0.1', Port: port, Connect: { Native: true } });
  await using web = await startService({ name: 'web', agent: { fetch } });
  const echo = async () => {
    const socket = await web.dial('api');
    socket.write('hello');
    await once(socket, 'data');
    return socket;
  };
  const live = await echo();

  await agent.rotateRoot();
  await clock.advance(30 * second);
  for (let seen = live.peer.serial; seen === live.peer.serial; ) {
    const next = await echo();
    seen = next.peer.serial;
    next.destroy();
  }
  live.write('still here');
  await once(live, 'data');

  const cut = once(live, 'error');
  await agent.deny('web', 'api');
  assert.equal((await cut)[0].code, 'ECONNRESET');
  const [refusal] = await once(await web.dial('api'), 'error');
  assert.equal(refusal.code, 'REFUSED_BY_PEER');
});

test('what waits is answered when the agent closes, and whoever asks later is told why not', async () => {
  const agent = await startAgent({ dev: true, http: [] });
  const roots = await ask(agent, '/v1/agent/connect/ca/roots');
  const waiting = ask(agent, roots.path, roots.index);
  await agent.close();
  assert.equal((await waiting).index, roots.index);
  await assert.rejects(agent.fetch(roots.path), { message: 'the agent is closed' });
  assert.equal(await agent.closed, undefined);
});

interface Leaf {
  readonly SerialNumber: string;
  readonly ServiceURI: string;
  readonly ValidBefore: string;
}

interface Roots {
  readonly ActiveRootID: string;
  readonly Roots: readonly object[];
}

interface Asked<T> {
  readonly path: string;
  readonly value: T;
  readonly index: number;
}

async function ask<T>(agent: Agent, path: string, index = 0): Promise<Asked<T>> {
  const join = path.includes('?') ? '&' : '?';
  const answer = await agent.fetch(index === 0 ? path : `${path}${join}index=${index}`);
  assert.equal(answer.status, 200, path);
  return { path, value: (await answer.json()) as T, index: Number(answer.headers.get('x-consul-index')) };
}

/** The wait of a query may end on the clock before anything has changed; it is asked again then. */
async function untilChanged<T>(agent: Agent, before: Asked<T>): Promise<Asked<T>> {
  for (;;) {
    const next = await ask<T>(agent, before.path, before.index);
    if (next.index !== before.index) return next;
  }
}

async function register(agent: Agent, service: object): Promise<void> {
  const { status } = await agent.fetch('/v1/agent/service/register', { method: 'PUT', body: JSON.stringify(service) });
  assert.equal(status, 200);
}
