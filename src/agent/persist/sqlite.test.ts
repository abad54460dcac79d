import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { encodeJson, parseJson } from '../../http/index.ts';
import { openSqliteStorage } from './sqlite.ts';
import { StorageError } from './storage-error.ts';

test('what was committed is there after opening again: puts, deletes, revision, exact integers', (t) => {
  const folder = folderFor(t);
  const first = openSqliteStorage(folder);
  const value = parseJson(Buffer.from('{"n":9007199254740993,"text":"é\\u0000<"}'));
  first.commit({ revision: 5, puts: [put('a', value), put('b', 1)], deletes: [] }, 0);
  first.commit({ revision: 6, puts: [put('c', [])], deletes: [{ table: 'settings', key: 'b' }] }, 5);
  first.close();
  const second = openSqliteStorage(folder);
  const { revision, rows } = second.load();
  assert.equal(revision, 6);
  assert.deepEqual(
    rows.map(({ table, key }) => [table, key]),
    [
      ['settings', 'a'],
      ['settings', 'c'],
    ],
  );
  assert.equal(encodeJson(rows[0]?.value), encodeJson(value));
  second.close();
});

test('a batch for another revision is refused and changes nothing', (t) => {
  const storage = openSqliteStorage(folderFor(t));
  storage.commit({ revision: 2, puts: [put('a', 1)], deletes: [] }, 0);
  assert.throws(() => storage.commit({ revision: 3, puts: [put('a', 2)], deletes: [] }, 1), { code: 'FAILED' });
  assert.deepEqual(storage.load(), { revision: 2, rows: [put('a', 1)] });
  storage.close();
});

test('folder and files are for this user alone, whatever the umask', (t) => {
  const before = process.umask(0);
  t.after(() => process.umask(before));
  const folder = join(folderFor(t), 'made', 'here');
  const storage = openSqliteStorage(folder);
  storage.commit({ revision: 1, puts: [put('a', 1)], deletes: [] }, 0);
  assert.equal(statSync(folder).mode & 0o777, 0o700);
  const files = readdirSync(folder);
  assert.ok(files.includes('fairlead.db') && files.includes('fairlead.db-wal'), String(files));
  for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file);
  storage.close();
});

test('a second agent on the same folder is refused, and told which process has it', (t) => {
  const folder = folderFor(t);
  const storage = openSqliteStorage(folder);
  assert.throws(() => openSqliteStorage(folder), new StorageError('IN_USE', inUse(folder)));
  const elsewhere = spawnSync(process.execPath, ['--input-type=module', '-e', openIn(folder)], { encoding: 'utf8' });
  assert.equal(elsewhere.stdout, inUse(folder));
  storage.close();
  openSqliteStorage(folder).close();
});

test('a store of a newer schema is refused and left as it is', (t) => {
  const folder = folderFor(t);
  openSqliteStorage(folder).close();
  const db = new DatabaseSync(join(folder, 'fairlead.db'));
  db.exec("UPDATE meta SET value = 2 WHERE name = 'schema'");
  db.close();
  const before = readFileSync(join(folder, 'fairlead.db'));
  assert.throws(() => openSqliteStorage(folder), { code: 'NEWER_VERSION', message: /written by a newer version/ });
  assert.deepEqual(readFileSync(join(folder, 'fairlead.db')), before);
});

test('a file that is no store is refused', (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, 'fairlead.db'), 'hello '.repeat(1_000));
  assert.throws(() => openSqliteStorage(folder), { code: 'DAMAGED' });
});

test('a store that has lost its end is refused, and left for whoever may save some of it', (t) => {
  const folder = folderFor(t);
  const file = join(folder, 'fairlead.db');
  const storage = openSqliteStorage(folder);
  const puts = Array.from({ length: 50 }, (_, n) => put(`row ${n}`, 'x'.repeat(1_000)));
  storage.commit({ revision: 1, puts, deletes: [] }, 0);
  storage.close();
  const whole = readFileSync(file);
  for (const length of [1_000, 4_096, 12_000, whole.length - 4_096]) {
    truncateSync(file, length);
    const before = readFileSync(file);
    assert.throws(
      () => {
        const opened = openSqliteStorage(folder);
        try {
          opened.load();
        } finally {
          opened.close();
        }
      },
      { code: 'DAMAGED', message: new RegExp(`in ${folder}: `) },
      String(length),
    );
    assert.deepEqual(readFileSync(file), before);
    writeFileSync(file, whole);
  }
});

for (const [length, how] of [
  [0, 'is empty'],
  [1, 'has one byte'],
] as const) {
  test(`a store of which ${length} bytes are left is refused and left as it is, not begun anew`, (t) => {
    const folder = folderFor(t);
    const file = join(folder, 'fairlead.db');
    const storage = openSqliteStorage(folder);
    storage.commit({ revision: 1, puts: [put('a', 1)], deletes: [] }, 0);
    storage.close();
    truncateSync(file, length);
    assert.throws(() => openSqliteStorage(folder), {
      code: 'DAMAGED',
      message: new RegExp(`fairlead.db there ${how}; `),
    });
    assert.equal(statSync(file).size, length);
  });
}

test('a store that has lost its tables is refused', (t) => {
  const folder = folderFor(t);
  const db = new DatabaseSync(join(folder, 'fairlead.db'));
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
  assert.throws(() => openSqliteStorage(folder), { code: 'DAMAGED', message: /fairlead\.db there has no tables; / });
});

test('a first start that crashed while it made the store is made good by the next', (t) => {
  const folder = folderFor(t);
  writeFileSync(join(folder, `fairlead.db-new-${process.pid}`), 'half a page');
  const storage = openSqliteStorage(folder);
  assert.deepEqual(storage.load(), { revision: 0, rows: [] });
  storage.close();
  assert.deepEqual(readdirSync(folder), ['fairlead.db']);
});

test('a full disk refuses the batch, keeps what was there, and takes the next one when there is room', (t) => {
  const folder = folderFor(t);
  const storage = openSqliteStorage(folder, { mostBytes: 200_000 });
  storage.commit({ revision: 1, puts: [put('a', 'kept')], deletes: [] }, 0);
  const large = { revision: 2, puts: [put('large', 'x'.repeat(300_000))], deletes: [] };
  assert.throws(() => storage.commit(large, 1), { code: 'DISK_FULL', message: /in .*: the disk is full$/ });
  assert.deepEqual(storage.load(), { revision: 1, rows: [put('a', 'kept')] });
  storage.commit({ revision: 2, puts: [put('b', 'small')], deletes: [] }, 1);
  assert.equal(storage.load().rows.length, 2);
  storage.close();
});

test('a folder that can not be written is an error that names it', {
  skip: process.getuid?.() === 0 && 'root may write everywhere',
}, (t) => {
  const folder = folderFor(t);
  chmodSync(folder, 0o500);
  assert.throws(() => openSqliteStorage(folder), { code: 'READ_ONLY' });
});

test('a path that is a file is an error', (t) => {
  const file = join(folderFor(t), 'file');
  writeFileSync(file, '');
  assert.throws(() => openSqliteStorage(file), StorageError);
});

function put(key: string, value: unknown): { table: string; key: string; value: unknown } {
  return { table: 'settings', key, value };
}

function folderFor(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}

function inUse(folder: string): string {
  return `${folder} is in use by another agent (process ${process.pid}): stop it, or give another data directory`;
}

function openIn(folder: string): string {
  const module = new URL('./sqlite.ts', import.meta.url).href;
  return `
    import { openSqliteStorage } from ${JSON.stringify(module)};
    try { openSqliteStorage(${JSON.stringify(folder)}); } catch (error) { process.stdout.write(error.message); }`;
}
