import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Batch, memoryStorage, type Storage } from '../persist/storage.ts';
import { Store } from './store.ts';
import type { SettingRow } from './tables.ts';

test('one write is one step, however much it changes', async () => {
  const store = new Store(memoryStorage());
  const before = store.index;
  await store.write((tx) => {
    tx.put('settings', 'a', { value: 1 });
    tx.put('settings', 'b', { value: 2 });
    tx.touch('x', 'y');
  });
  assert.equal(store.index, before + 1);
  assert.deepEqual([store.indexOf(['x']), store.indexOf(['y']), store.indexOf(['x', 'y'])], Array(3).fill(before + 1));
  assert.deepEqual(store.table('settings').get('a'), { value: 1, createIndex: before + 1, modifyIndex: before + 1 });
});

test('a write of what is there already is no step, also where members are absent', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', { x: 1, y: { z: undefined } });
  const { index } = store;
  assert.equal(await store.write((tx) => tx.put('settings', 'a', { value: { x: 1, y: {} } })), false);
  assert.equal(store.index, index);
});

test('a change keeps the row’s creation count', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', 1);
  const created = store.index;
  await put(store, 'a', 2);
  assert.deepEqual(store.table('settings').get('a'), { value: 2, createIndex: created, modifyIndex: created + 1 });
});

test('a topic carries the count of its last change; others keep theirs', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', 1);
  const first = store.indexOf(['a']);
  await put(store, 'b', 1);
  assert.equal(store.indexOf(['a']), first);
  assert.equal(store.indexOf(['b']), first + 1);
  assert.equal(store.indexOf(['never written']), 1);
});

test('a deletion carries its count', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', 1);
  await store.write((tx) => {
    assert.equal(tx.delete('settings', 'a'), true);
    tx.touch('a');
  });
  assert.equal(store.indexOf(['a']), store.index);
  assert.equal(await store.write((tx) => tx.delete('settings', 'a')), false);
});

test('a quiet change moves no count and is stored', async () => {
  const batches: Batch[] = [];
  const store = new Store(recording(batches));
  await put(store, 'a', 1);
  const { index } = store;
  await store.write((tx) => tx.putQuietly('settings', 'a', { value: 2 }));
  assert.equal(store.index, index);
  assert.equal(store.table('settings').get('a')?.value, 2);
  assert.deepEqual(
    batches.at(-1)?.puts.map(({ key }) => key),
    ['a'],
  );
});

test('what a write throws undoes all of it', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', 1);
  const { index } = store;
  const failing = store.write((tx) => {
    tx.put('settings', 'a', { value: 2 });
    tx.put('settings', 'b', { value: 2 });
    tx.delete('settings', 'a');
    tx.touch('a');
    throw new Error('no');
  });
  await assert.rejects(failing, /no/);
  assert.equal(store.index, index);
  assert.deepEqual(
    [...store.table('settings').values()].map(({ value }) => value),
    [1],
  );
  assert.equal(store.indexOf(['a']), index);
});

test('a write inside another is refused', async () => {
  const store = new Store(memoryStorage());
  await assert.rejects(
    store.write(() => store.write(() => undefined)),
    /inside another/,
  );
});

test('writes of one turn reach the disk as one batch and are visible before', async () => {
  const batches: Batch[] = [];
  const store = new Store(recording(batches));
  const writes = [put(store, 'a', 1), put(store, 'b', 1), put(store, 'a', 2)];
  assert.equal(store.table('settings').get('a')?.value, 2);
  assert.equal(batches.length, 0);
  assert.notEqual(store.settled(), undefined);
  await Promise.all(writes);
  assert.equal(store.settled(), undefined);
  assert.deepEqual(
    batches.map(({ revision, puts }) => [revision, puts.map(({ key }) => key)]),
    [[store.index, ['a', 'b']]],
  );
});

test('a write that changes nothing waits for the batch whose rows it saw', async () => {
  const disk = failing();
  const store = new Store(disk);
  disk.fails = true;
  const first = put(store, 'a', 1);
  const same = store.write((tx) => tx.put('settings', 'a', { value: 1 }));
  await assert.rejects(first);
  await assert.rejects(same);
});

test('a batch that the disk refuses is undone, wakes nobody, and gives its counts to nobody again', async () => {
  const disk = failing();
  const store = new Store(disk);
  await put(store, 'a', 1);
  const seen = store.indexOf(['a']);
  const waiting = countWakes(store, ['a'], seen);

  disk.fails = true;
  const results = await Promise.allSettled([put(store, 'a', 2), put(store, 'b', 2)]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  assert.deepEqual(
    [...store.table('settings').values()].map(({ value }) => value),
    [1],
  );
  assert.equal(store.indexOf(['a']), seen);
  assert.equal(waiting.count, 0);

  disk.fails = false;
  await put(store, 'a', 3);
  assert.equal(store.indexOf(['a']), seen + 3);
  assert.equal(waiting.count, 1);
});

test('after a restart the count goes on above all that was given out', async () => {
  const disk = keeping();
  const first = new Store(disk);
  await put(first, 'a', { deep: [1, { x: null }] });
  await put(first, 'b', 1);
  const last = first.index;
  const second = new Store(disk);
  assert.deepEqual(second.table('settings').get('a'), first.table('settings').get('a'));
  assert.ok(second.indexOf(['a']) > last);
  assert.equal(second.indexOf(['a']), second.indexOf(['anything']));
  assert.equal(await second.write((tx) => tx.put('settings', 'b', { value: 1 })), false);
  const floor = second.index;
  await put(second, 'b', 2);
  assert.equal(second.indexOf(['b']), floor + 1);
});

test('ten thousand waiters are woken by one write once each, by a write elsewhere not at all', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'watched', 1);
  const seen = store.indexOf(['watched']);
  const waiters = Array.from({ length: 10_000 }, () => countWakes(store, ['watched', 'too'], seen));
  await put(store, 'elsewhere', 1);
  assert.ok(waiters.every(({ count }) => count === 0));
  const began = performance.now();
  await store.write((tx) => {
    tx.put('settings', 'watched', { value: 2 });
    tx.touch('watched', 'too');
  });
  const took = performance.now() - began;
  assert.ok(waiters.every(({ count }) => count === 1));
  await put(store, 'watched', 3);
  assert.ok(waiters.every(({ count }) => count === 1));
  assert.ok(took < 1_000, `took ${took} ms`);
});

test('a wait ends at once when the change has been already, and when its signal aborts', async () => {
  const store = new Store(memoryStorage());
  await put(store, 'a', 1);
  await store.waitForChange(['a'], store.indexOf(['a']) - 1, new AbortController().signal);
  const gone = new AbortController();
  const waiting = store.waitForChange(['a'], store.indexOf(['a']), gone.signal);
  gone.abort();
  await waiting;
  await store.waitForChange(['a'], store.indexOf(['a']), gone.signal);
});

test('topics are forgotten beyond a bound, and their index never goes back', async () => {
  const store = new Store(memoryStorage(), { mostTopics: 100 });
  await put(store, 'first', 1);
  const before = store.indexOf(['first']);
  const waited = countWakes(store, ['kept'], store.indexOf(['kept']));
  await store.write((tx) => tx.touch('kept'));
  const kept = countWakes(store, ['kept'], store.indexOf(['kept']));
  const keptIndex = store.indexOf(['kept']);
  for (let n = 0; n < 500; n++) await store.write((tx) => tx.touch(`topic ${n}`));
  assert.ok(store.indexOf(['first']) > before);
  assert.ok(store.indexOf(['first']) < store.index);
  assert.equal(store.indexOf(['kept']), keptIndex);
  assert.deepEqual([waited.count, kept.count], [1, 0]);
});

test('closing puts what is pending on disk', async () => {
  const batches: Batch[] = [];
  const store = new Store(recording(batches));
  const write = put(store, 'a', 1);
  store.close();
  await write;
  assert.equal(batches.length, 1);
});

test('whatever is written, refused and restarted, no topic shows two contents at one index', async () => {
  const step = fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.option(fc.nat(3)), together: fc.boolean() });
  const run = fc.array(fc.record({ steps: fc.array(step, { maxLength: 8 }), fails: fc.boolean() }), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(run, async (runs) => {
      const disk = keeping();
      const shown = new Map<string, unknown>();
      for (const { steps, fails } of runs) {
        const store = new Store(disk);
        const look = (): void => {
          for (const key of ['a', 'b', 'c']) {
            const at = `${key} ${store.indexOf([key])}`;
            const value = store.table('settings').get(key)?.value ?? null;
            assert.deepEqual(shown.has(at) ? shown.get(at) : value, value, at);
            shown.set(at, value);
          }
        };
        look();
        for (const { key, value, together } of steps) {
          disk.fails = fails && together;
          const change = store.write((tx) => {
            const changed = value === null ? tx.delete('settings', key) : tx.put('settings', key, { value });
            if (changed) tx.touch(key);
          });
          if (!together) await change.catch(() => undefined);
          else change.catch(() => undefined);
          await store.settled()?.catch(() => undefined);
          look();
        }
        disk.fails = false;
      }
    }),
  );
});

function put(store: Store, key: string, value: SettingRow['value']): Promise<unknown> {
  return store.write((tx) => {
    if (tx.put('settings', key, { value })) tx.touch(key);
  });
}

function countWakes(store: Store, topics: readonly string[], since: number): { count: number } {
  const wakes = { count: 0 };
  void store.waitForChange(topics, since, new AbortController().signal).then(() => {
    wakes.count += 1;
  });
  return wakes;
}

function recording(batches: Batch[]): Storage {
  return { ...memoryStorage(), commit: (batch) => void batches.push(batch) };
}

function failing(): Storage & { fails: boolean } {
  const disk = {
    ...memoryStorage(),
    fails: false as boolean,
    commit: () => {
      if (disk.fails) throw new Error('disk full');
    },
  };
  return disk;
}

/** Keeps rows as text, as a disk does. */
function keeping(): Storage & { fails: boolean } {
  const rows = new Map<string, string>();
  let kept = 0;
  const disk: Storage & { fails: boolean } = {
    fails: false,
    load: () => ({ revision: kept, rows: [...rows.values()].map((row) => JSON.parse(row)) }),
    commit: ({ revision, puts, deletes }, expectedRevision) => {
      if (disk.fails) throw new Error('disk full');
      assert.equal(expectedRevision, kept);
      kept = revision;
      for (const row of puts) rows.set(`${row.table} ${row.key}`, JSON.stringify(row));
      for (const { table, key } of deletes) rows.delete(`${table} ${key}`);
    },
    close: () => undefined,
  };
  return disk;
}
