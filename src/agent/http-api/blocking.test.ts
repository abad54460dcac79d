import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HttpError, type HttpReply, type HttpRequest, type Json } from '../../http/index.ts';
import { FakeClock } from '../../mesh/fake-clock.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { mayEverything } from '../acl/authorizer.ts';
import { memoryStorage, type Storage } from '../persist/storage.ts';
import { Store } from '../state/store.ts';
import { hashed, type IndexedOptions, indexed, parseBlocking } from './blocking.ts';
import { parseConsistency } from './consistency.ts';
import type { ApiContext } from './context.ts';
import { tokenOf } from './token.ts';

test('index, wait and hash are read as Go reads them, and refused by name', () => {
  const none = { index: 0, wait: undefined, hash: '' };
  const table: readonly (readonly [string, object | string])[] = [
    ['', none],
    ['index=&wait=', none],
    ['index=42&wait=2m&hash=abc', { index: 42, wait: 120_000, hash: 'abc' }],
    ['index=18446744073709551615', { ...none, index: 2 ** 64 }],
    ['wait=-5s', { ...none, wait: -5_000 }],
    ['index=18446744073709551616000', 'Invalid index'],
    ['index=-1', 'Invalid index'],
    ['index=1.5', 'Invalid index'],
    ['index=xyz', 'Invalid index'],
    ['wait=5', 'Invalid wait time'],
    ['wait=abc', 'Invalid wait time'],
    ['index=xyz&wait=abc', 'Invalid wait time'],
  ];
  for (const [query, expected] of table) {
    if (typeof expected === 'string')
      assert.throws(() => parseBlocking(ask(query)), new HttpError(400, expected), query);
    else assert.deepEqual(parseBlocking(ask(query)), expected, query);
  }
});

test('without an index the answer comes at once, with the index of its last change', async () => {
  const agent = await startState();
  const { status, headers, body } = await agent.read('');
  assert.deepEqual([status, (body as Json).value], [200, 1]);
  assert.deepEqual(headers, {
    'X-Consul-Index': String(agent.store.indexOf(['watched'])),
    'X-Consul-Knownleader': 'true',
    'X-Consul-Lastcontact': '0',
  });
});

test('a read waits for a change of its own topics beyond its index', async () => {
  const agent = await startState();
  const seen = agent.store.indexOf(['watched']);
  const answer = follow(agent.read(`index=${seen}`));
  await agent.write('elsewhere', 1);
  assert.equal(answer.isThere(), false);
  await agent.write('watched', 2);
  const { headers, body } = await answer.promise;
  assert.deepEqual([headers?.['X-Consul-Index'], (body as Json).value], [String(agent.store.index), 2]);
  assert.equal(agent.clock.sleeping, 0);
});

test('a client that is ahead waits its time out, changes or not, and gets the real index', async () => {
  const agent = await startState();
  const answer = follow(agent.read('index=9999&wait=10s', { style: 'agent-cache' }));
  await agent.write('watched', 2);
  assert.equal(answer.isThere(), false);
  await agent.clock.advance(9_999);
  assert.equal(answer.isThere(), false);
  await agent.clock.advance(1);
  assert.equal((await answer.promise).headers?.['X-Consul-Index'], String(agent.store.index));
});

test('how long a read waits', async () => {
  const table: readonly (readonly [IndexedOptions['style'], string, number, number])[] = [
    // style, wait, random, milliseconds
    ['server', '', 0, 300_000],
    ['server', '&wait=0s', 0, 300_000],
    ['server', '&wait=-1s', 0, 300_000],
    ['server', '&wait=2s', 0, 2_000],
    ['server', '&wait=2s', 0.5, 2_062.5],
    ['server', '&wait=1h', 0, 600_000],
    ['server', '&wait=1h', 1, 637_500],
    ['agent-cache', '', 0.5, 600_000],
    ['agent-cache', '&wait=2s', 0.5, 2_000],
    ['agent-cache', '&wait=1h', 0.5, 600_000],
  ];
  for (const [style, wait, random, ms] of table) {
    const agent = await startState({ random });
    const answer = follow(agent.read(`index=9999${wait}`, { style }));
    await agent.clock.advance(ms - 1);
    assert.equal(answer.isThere(), false, `${style} ${wait}`);
    await agent.clock.advance(1);
    assert.equal((await answer.promise).status, 200, `${style} ${wait}`);
  }
});

test('a closing server gets the answer of now, and nothing is left waiting', async () => {
  const agent = await startState();
  const closing = new AbortController();
  const answer = agent.read('index=9999', {}, closing.signal);
  await agent.clock.untilSleeping();
  closing.abort();
  assert.equal(((await answer).body as Json).value, 1);
  assert.equal(agent.clock.sleeping, 0);
});

test('an answer waits for the disk; when the disk refuses, it shows what is there instead', async () => {
  const disk = { ...memoryStorage(), fails: false as boolean, commit: () => void (disk.fails && fail()) };
  const agent = await startState({ disk });
  disk.fails = true;
  const write = agent.write('watched', 2);
  const answer = agent.read('');
  await assert.rejects(write);
  assert.equal(((await answer).body as Json).value, 1);
});

test('ten thousand that wake together cost one evaluation and one body', async () => {
  const agent = await startState();
  const seen = agent.store.indexOf(['watched']);
  const answers = Array.from({ length: 10_000 }, (_, n) => agent.read(`index=${seen}&wait=${n + 60}s`));
  const before = agent.evaluations;
  await agent.write('watched', 2);
  const bodies = new Set((await Promise.all(answers)).map(({ body }) => body));
  assert.deepEqual([bodies.size, agent.evaluations - before], [1, 1]);
});

test('requests with another parameter or another token share nothing', async () => {
  const agent = await startState();
  const index = agent.store.indexOf(['watched']);
  const queries = ['', '&token=a', '&token=b', '&passing', '&passing=1', '&near=x'];
  const answers = queries.map((query) => agent.read(`index=${index}${query}`));
  await agent.write('watched', 2);
  const bodies = new Set((await Promise.all(answers)).map(({ body }) => body));
  assert.equal(bodies.size, queries.length);
});

test('cache headers: the first read is a miss, each later one a hit, one that waited a miss', async () => {
  const agent = await startState();
  const options = { style: 'agent-cache', knownLeader: false } as const;
  const headers = async (query: string): Promise<unknown[]> => {
    const { headers } = await agent.read(query, options);
    return [headers?.['X-Cache'], headers?.['Age'], headers?.['X-Consul-Knownleader']];
  };
  assert.deepEqual(await headers(''), ['MISS', undefined, 'false']);
  assert.deepEqual(await headers(''), ['HIT', '0', 'false']);
  assert.deepEqual(await headers('token=other'), ['MISS', undefined, 'false']);
  const waiting = headers('index=9999&wait=1s');
  await agent.clock.advance(1_000);
  assert.deepEqual(await waiting, ['MISS', undefined, 'false']);
});

test('where the agent has a cache, `cached` asks for it; elsewhere it changes nothing', async () => {
  const read = async (agent: State, query: string, options: Partial<IndexedOptions>): Promise<string | undefined> =>
    (await agent.read(query, options)).headers?.['X-Cache'];
  const agent = await startState();
  assert.equal(await read(agent, 'cached', {}), undefined);
  const whenAsked = { cache: 'when asked' } as const;
  assert.equal(await read(agent, 'index=1', whenAsked), undefined);
  assert.equal(await read(agent, 'cached', whenAsked), 'MISS');
  assert.equal(await read(agent, 'cached&stale&passing', whenAsked), 'HIT');
  assert.equal(await read(agent, 'cached&tag=a', whenAsked), 'MISS');
  const blockingToo = { cache: 'when asked, and blocking' } as const;
  const other = await startState();
  assert.equal(await read(other, '', blockingToo), undefined);
  const waiting = read(other, 'index=9999&wait=1s', blockingToo);
  await other.clock.advance(2_000);
  assert.equal(await waiting, undefined);
  assert.equal(await read(other, 'cached', blockingToo), 'HIT');
});

test('Cache-Control and max_stale are understood or refused', () => {
  const parse = (query: string, cacheControl: string): string =>
    parseConsistency({ datacenter: 'dc1' }, { ...ask(query), headers: { 'cache-control': cacheControl } }).effective;
  for (const fine of [
    '',
    'max-age=30',
    'max-age',
    'max-age=-1',
    'must-revalidate',
    'no-cache, stale-if-error=5',
    'x=y',
  ])
    assert.equal(parse('', fine), 'leader', fine);
  for (const bad of ['max-age=x', 'max-age=', 'Max-Age="5"', 'no-cache, stale-if-error=1.5'])
    assert.throws(() => parse('', bad), new HttpError(400, 'Invalid Cache-Control header.'), bad);
  assert.equal(parse('max_stale=5s', ''), 'stale');
  assert.equal(parse('leader', ''), 'leader');
  assert.throws(() => parse('max_stale=x', ''), new HttpError(400, 'Invalid max_stale value "x"'));
});

test('consistency is told where asked for, and contradictions are refused', async () => {
  const agent = await startState();
  const options = { consistency: true, knownLeader: 'absent' } as const;
  for (const [query, effective] of [
    ['', 'leader'],
    ['stale=', 'stale'],
    ['consistent', 'consistent'],
  ] as const) {
    const { headers } = await agent.read(query, options);
    assert.equal(headers?.['X-Consul-Effective-Consistency'], effective);
    assert.equal(headers?.['X-Consul-Lastcontact'], undefined);
  }
  const refused = (query: string, status: number, text: string): Promise<void> =>
    assert.rejects(agent.read(query, options), new HttpError(status, text));
  await refused('stale&consistent', 400, 'Cannot specify ?stale with ?consistent, conflicting semantics.');
  await refused('cached&consistent', 400, 'Cannot specify ?cached with ?consistent, conflicting semantics.');
  await refused('dc=dc99', 500, 'No path to datacenter');
  assert.equal((await agent.read('dc=dc1')).status, 200);
});

test('a text takes the place of the value, with its status and the index', async () => {
  const agent = await startState();
  const read = (): { value: null; topics: string[]; status: number; text: string } => ({
    value: null,
    topics: ['watched'],
    status: 404,
    text: 'not found',
  });
  const { status, headers, body } = await indexed(agent.context, ask(''), { style: 'server' }, read);
  assert.deepEqual([status, headers?.['Content-Type'], body], [404, 'text/plain; charset=utf-8', 'not found']);
  assert.ok(headers?.['X-Consul-Index']);
});

test('a hash read waits while the hash is the same, over writes that keep it, until it changes or what it reads goes', async () => {
  const agent = await startState();
  const read = (): { value: object; hash: string } | { notFound: string } => {
    const value = agent.value('watched');
    return value === undefined
      ? { notFound: 'unknown service ID: x' }
      : { value: { value }, hash: String(value).slice(0, 1) };
  };
  const get = (query: string): Promise<HttpReply> => hashed(agent.context, ask(query), ['watched'], read);
  assert.equal((await get('')).headers?.['X-Consul-Contenthash'], '1');
  assert.equal((await get('hash=0')).headers?.['X-Consul-Contenthash'], '1');

  const changing = follow(get('hash=1'));
  await agent.write('watched', 11);
  assert.equal(changing.isThere(), false);
  await agent.write('watched', 2);
  assert.deepEqual(((await changing.promise).body as Json).value, { value: 2 });

  const timing = get('hash=2&wait=2s');
  await agent.clock.advance(2_125);
  assert.equal((await timing).headers?.['X-Consul-Contenthash'], '2');

  const going = assert.rejects(get('hash=2'), new HttpError(404, 'unknown service ID: x'));
  await agent.write('watched', undefined);
  await going;
});

interface State {
  readonly context: ApiContext;
  readonly store: Store;
  readonly clock: FakeClock;
  readonly evaluations: number;
  value(key: string): unknown;
  read(query: string, options?: Partial<IndexedOptions>, signal?: AbortSignal): Promise<HttpReply>;
  write(key: string, value: unknown): Promise<unknown>;
}

/** A store in which `watched` is 1, and a read of it that depends on the topic of that name. */
async function startState({
  random = 0,
  disk = memoryStorage(),
}: {
  random?: number;
  disk?: Storage;
} = {}): Promise<State> {
  const store = new Store(disk);
  const clock = new FakeClock();
  let evaluations = 0;
  const context: ApiContext = {
    store,
    runtime: testRuntime({ clock, random: () => random }),
    datacenter: 'dc1',
    nodeName: 'here',
    intentionDefault: { allow: true, reason: '' },
    defaultPolicy: 'allow',
    authorizerFor: () => mayEverything,
    authorizerOf: () => mayEverything,
    tokenOf,
  };
  const value = (key: string): unknown => store.table('settings').get(key)?.value;
  const state: State = {
    context,
    store,
    clock,
    get evaluations() {
      return evaluations;
    },
    value,
    read: (query, options = {}, signal = new AbortController().signal) =>
      indexed(context, ask(query, signal), { style: 'server', ...options }, () => {
        evaluations += 1;
        return { value: value('watched'), topics: ['watched'] };
      }),
    write: (key, value) =>
      store.write((tx) => {
        const changed = value === undefined ? tx.delete('settings', key) : tx.put('settings', key, { value });
        if (changed) tx.touch(key);
      }),
  };
  await state.write('watched', 1);
  return state;
}

function ask(query: string, signal: AbortSignal = new AbortController().signal): HttpRequest {
  return {
    method: 'GET',
    path: '/v1/watched',
    rest: '',
    query: new URLSearchParams(query),
    headers: {},
    body: Buffer.alloc(0),
    remoteAddress: '127.0.0.1',
    signal,
  };
}

function follow(promise: Promise<HttpReply>): { readonly promise: Promise<HttpReply>; isThere(): boolean } {
  let there = false;
  const seen = promise.finally(() => {
    there = true;
  });
  return { promise: seen, isThere: () => there };
}

function fail(): never {
  throw new Error('disk full');
}
