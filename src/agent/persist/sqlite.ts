/**
 * The state in one SQLite file. The only file that knows `node:sqlite`, which is loaded when a store is opened.
 *
 * The file is locked for as long as it is open, by the operating system, so that the lock ends with the process, however it ends.
 * Written ahead with full sync: when `commit` returns, the batch survives a crash of the machine.
 */

import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { messageOf } from '../../base/index.ts';
import { parseExactly } from '../../http/index.ts';
import { makeStore, schemaVersion } from './new-store.ts';
import type { Batch, Storage, StoredRow } from './storage.ts';
import { StorageError, type StorageErrorCode } from './storage-error.ts';

export interface SqliteOptions {
  /** Bytes that the file may grow to; a batch that would not fit is refused. Default: as the disk has room. */
  readonly mostBytes?: number;
}

/** Makes folder and file where there are none, for this user alone. Throws a StorageError. */
export function openSqliteStorage(folder: string, options: SqliteOptions = {}): Storage {
  try {
    makeFolder(folder);
    const file = join(folder, 'fairlead.db');
    if (!existsSync(file)) makeStore(file);
    checkFile(file, folder);
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    return new SqliteStorage(new DatabaseSync(file), folder, options);
  } catch (error) {
    throw storageError(error, folder, 'the state can’t be opened');
  }
}

class SqliteStorage implements Storage {
  readonly #db: DatabaseSync;
  readonly #folder: string;
  readonly #setRevision: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;

  constructor(db: DatabaseSync, folder: string, { mostBytes }: SqliteOptions) {
    this.#db = db;
    this.#folder = folder;
    try {
      lock(db);
      checkTables(db, folder);
      if (mostBytes !== undefined) db.exec(`PRAGMA max_page_count = ${Math.ceil(mostBytes / 4_096)}`);
      writePid(folder);
    } catch (error) {
      db.close();
      throw error;
    }
    this.#setRevision = db.prepare("UPDATE meta SET value = ? WHERE name = 'revision' AND value = ?");
    this.#put = db.prepare(
      'INSERT INTO rows (tab, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value',
    );
    this.#delete = db.prepare('DELETE FROM rows WHERE tab = ? AND key = ?');
  }

  load(): { readonly revision: number; readonly rows: readonly StoredRow[] } {
    try {
      const revision = readMeta(this.#db, 'revision') ?? 0;
      const rows: StoredRow[] = [];
      for (const { tab, key, value } of this.#db.prepare('SELECT tab, key, value FROM rows').iterate()) {
        rows.push({ table: String(tab), key: String(key), value: parseExactly(String(value)) });
      }
      return { revision, rows };
    } catch (error) {
      throw storageError(error, this.#folder, 'the state can’t be read');
    }
  }

  commit({ revision, puts, deletes }: Batch, expectedRevision: number): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const { table, key } of deletes) this.#delete.run(table, key);
      for (const { table, key, value } of puts) this.#put.run(table, key, JSON.stringify(value));
      const { changes } = this.#setRevision.run(revision, expectedRevision);
      if (Number(changes) !== 1) throw new Error(`it is not at revision ${expectedRevision} any more`);
      this.#db.exec('COMMIT');
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw storageError(error, this.#folder, 'the state can’t be stored');
    }
  }

  close(): void {
    if (!this.#db.isOpen) return;
    rmSync(pidFile(this.#folder), { force: true });
    this.#db.close();
  }
}

function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length === 0) chmodSync(folder, 0o700); // one that was made for us beforehand
}

/**
 * SQLite takes a file of no byte or one for a new database, and would start one over what is left of a store that was cut. Ours is never so
 * short, so that this must be damage. The mode is set because SQLite's other files take that of this one. The file is not opened here: to
 * close it again would drop the locks that this process holds on it. Source: SQLite, "How To Corrupt", 2.2.
 */
function checkFile(file: string, folder: string): void {
  chmodSync(file, 0o600);
  const { size } = statSync(file);
  if (size > 1) return;
  throw damaged(folder, size === 0 ? 'is empty' : 'has one byte');
}

function damaged(folder: string, how: string): StorageError {
  return new StorageError(
    'DAMAGED',
    `the state can’t be opened in ${folder}: fairlead.db there ${how}; restore a backup, or remove the file to begin anew`,
  );
}

/** Takes the lock and keeps it: in this mode each lock that a transaction takes stays. */
function lock(db: DatabaseSync): void {
  db.exec('PRAGMA busy_timeout = 500');
  db.exec('PRAGMA locking_mode = EXCLUSIVE');
  db.exec('BEGIN EXCLUSIVE; COMMIT');
}

function checkTables(db: DatabaseSync, folder: string): void {
  if (db.prepare('SELECT count(*) AS n FROM sqlite_schema').get()?.['n'] === 0) throw damaged(folder, 'has no tables');
  const version = readMeta(db, 'schema');
  if (version !== undefined && version > schemaVersion) {
    throw new StorageError(
      'NEWER_VERSION',
      `${folder} was written by a newer version (its schema is ${version}, this program knows up to ${schemaVersion}): run that version, or give another data directory`,
    );
  }
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = FULL');
}

function readMeta(db: DatabaseSync, name: 'schema' | 'revision'): number | undefined {
  const value = db.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];
  return value === undefined ? undefined : Number(value);
}

const pidFile = (folder: string): string => join(folder, 'fairlead.pid');

/** Source: SQLite, "Result and Error Codes"; the low byte is the primary one. */
const codes: Readonly<Record<number, readonly [StorageErrorCode, string]>> = {
  5: ['IN_USE', ''],
  8: ['READ_ONLY', 'the folder or file is read-only'],
  10: ['FAILED', 'the disk has an error, is over its quota or has become read-only'],
  11: ['DAMAGED', 'the file is damaged; restore a backup'],
  13: ['DISK_FULL', 'the disk is full'],
  14: ['READ_ONLY', 'the file can’t be opened; check the rights of the folder'],
  26: ['DAMAGED', 'fairlead.db there is not a database'],
};

function storageError(error: unknown, folder: string, doing: string): StorageError {
  if (error instanceof StorageError) return error;
  const { errcode, code } = error as { readonly errcode?: number; readonly code?: string };
  const fromSystem: Readonly<Record<string, number>> = { ENOSPC: 13, EROFS: 8, EACCES: 14, EPERM: 14 };
  const primary = errcode === undefined ? (fromSystem[code ?? ''] ?? 0) : errcode & 0xff;
  const [kind, reason] = codes[primary] ?? ['FAILED' as const, messageOf(error)];
  if (kind === 'IN_USE') {
    return new StorageError(
      'IN_USE',
      `${folder} is in use by another agent${pidOf(folder)}: stop it, or give another data directory`,
    );
  }
  return new StorageError(kind, `${doing} in ${folder}: ${reason}`, { cause: error });
}

/** Only for the error that a second agent gives: on a full disk it is better to do without. */
function writePid(folder: string): void {
  try {
    writeFileSync(pidFile(folder), `${process.pid}\n`, { mode: 0o600 });
  } catch {
    rmSync(pidFile(folder), { force: true });
  }
}

function pidOf(folder: string): string {
  try {
    return ` (process ${readFileSync(pidFile(folder), 'utf8').trim()})`;
  } catch {
    return '';
  }
}
