import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Hashed, type Indexed, type WatchOptions, watch, watchHash } from './blocking-query.ts';

test('yields the first value and then only changes', async () => {
  const agent = scripted([at(7, 'a'), at(7, 'a'), at(9, 'b')]);

  assert.deepEqual(await agent.values(), ['a', 'b']);
  assert.deepEqual(agent.asked, [0, 7, 7, 9]);
});

test('an index that moved under an equal value is followed and tells nobody', async () => {
  const agent = scripted([at(7, 'a'), at(8, 'a'), at(9, 'b')]);

  assert.deepEqual(await agent.values(), ['a', 'b']);
  assert.deepEqual(agent.asked, [0, 7, 8, 9]);
});

test('who must hear of every round says that no values are equal', async () => {
  const agent = scripted([at(7, 'a'), at(8, 'a')]);

  assert.deepEqual(await agent.values({ equals: () => false }), ['a', 'a']);
});

test('starts over when the index goes backwards', async () => {
  const agent = scripted([at(7, 'a'), at(3, 'b'), at(3, 'b')]);

  assert.deepEqual(await agent.values(), ['a', 'b']);
  assert.deepEqual(agent.asked, [0, 7, 0, 3]);
});

test('backs off after a failure, longer each time, and asks from the start', async () => {
  const agent = scripted([at(7, 'a'), new Error('refused'), new Error('refused'), at(7, 'a'), new Error('refused')]);

  assert.deepEqual(await agent.values(), ['a']);
  assert.deepEqual(agent.asked, [0, 7, 0, 0, 7, 0]);
  assert.deepEqual(agent.pauses(), [100, 200, 100]);
  assert.deepEqual(agent.failures, [1, 2, 1]);
  assert.equal(agent.answers, 2);
});

test('backs off by itself with chance, up to a minute', async () => {
  const agent = scripted(Array.from({ length: 12 }, () => new Error('refused')));

  await agent.values({ backoff: undefined });
  assert.deepEqual(agent.pauses().slice(0, 3), [250, 500, 1_000]);
  assert.equal(agent.pauses().at(-1), 30_000);
});

test('asks an agent that sends no index at the poll interval', async () => {
  const agent = scripted([at(0, 'a'), at(0, 'a'), at(0, 'b')]);

  assert.deepEqual(await agent.values(), ['a', 'b']);
  assert.deepEqual(agent.asked, [0, 0, 0, 0]);
  assert.deepEqual(agent.pauses(), [4_000, 4_000, 4_000]);
});

test('takes index 1 without a leader for no index: such an answer does not block', async () => {
  const agent = scripted([{ ...at(1, 'a'), knownLeader: false }, at(1, 'a'), { ...at(9, 'b'), knownLeader: false }]);

  assert.deepEqual(await agent.values(), ['a', 'b']);
  assert.deepEqual(agent.asked, [0, 0, 1, 9]);
  assert.deepEqual(agent.pauses(), [4_000]);
});

test('does not spin when the agent answers at once, again and again', async () => {
  const agent = scripted([at(7, 'a'), at(7, 'a')], { answersAfter: 20 });

  assert.deepEqual(await agent.values(), ['a']);
  assert.deepEqual(agent.pauses(), [80, 80]);
});

test('a clock that is set back does not make a round longer', async () => {
  const agent = scripted([at(7, 'a')], { answersAfter: -3_600_000 });

  await agent.values();
  assert.deepEqual(agent.pauses(), [100]);
});

test('follows a content hash', async () => {
  const agent = scripted<Hashed<string | undefined>>([
    { value: 'a', hash: 'h1' },
    { value: 'b', hash: 'h2' },
  ]);

  assert.deepEqual(await agent.hashValues(), ['a', 'b']);
  assert.deepEqual(agent.asked, ['', 'h1', 'h2']);
});

test('what is not there yet is a value, and asked for at the poll interval', async () => {
  const agent = scripted<Hashed<string | undefined>>([
    { value: undefined, hash: '' },
    { value: undefined, hash: '' },
    { value: 'a', hash: 'h1' },
    new Error('refused'),
  ]);

  assert.deepEqual(await agent.hashValues(), [undefined, 'a']);
  assert.deepEqual(agent.asked, ['', '', '', 'h1', '']);
  assert.deepEqual(agent.pauses(), [4_000, 4_000, 100]);
});

function at(index: number, value: string): Indexed<string> {
  return { value, index, knownLeader: true };
}

/** An agent that gives these answers in turn, each after `answersAfter` milliseconds, then ends the watch. */
function scripted<A extends Indexed<string> | Hashed<string | undefined>>(
  script: readonly (A | Error)[],
  { answersAfter = 1_000 } = {},
) {
  const answers = [...script];
  const stop = new AbortController();
  const asked: unknown[] = [];
  const slept: number[] = [];
  const failures: number[] = [];
  let now = 0;
  let told = 0;
  const options: WatchOptions<string | undefined> = {
    signal: stop.signal,
    runtime: { clock: { now: () => now, sleep: async (ms) => void slept.push(ms) }, random: () => 0 },
    backoff: (count) => count * 100,
    onError: (_error, count) => failures.push(count),
    onAnswer: () => {
      told += 1;
    },
  };
  const query = async (last: unknown): Promise<A> => {
    asked.push(last);
    now += answersAfter;
    const answer = answers.shift();
    if (answer === undefined) stop.abort();
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('aborted');
    return answer;
  };
  const without = (changes: object) =>
    Object.fromEntries(Object.entries({ ...options, ...changes }).filter(([, value]) => value !== undefined));
  return {
    asked,
    failures,
    get answers() {
      return told;
    },
    pauses: () => slept.filter((ms) => ms > 0),
    values: (changes: object = {}) =>
      collect(watch(query as (index: number) => Promise<Indexed<string>>, without(changes) as never)),
    hashValues: () => collect(watchHash(query as (hash: string) => Promise<Hashed<string | undefined>>, options)),
  };
}

async function collect<T>(values: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const value of values) collected.push(value);
  return collected;
}
