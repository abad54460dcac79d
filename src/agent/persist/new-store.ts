/**
 * A store's file appears under its name with its tables in it, or not at all: a crash of the first start leaves nothing that could be taken
 * for a store that has lost its contents.
 */

import { closeSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';

/** Raised when rows or tables change so that an older program would misread them. */
export const schemaVersion = 1;

/** Where another agent does the same at this moment, the first one's file stays. */
export function makeStore(file: string): void {
  const making = `${file}-new-${process.pid}`;
  rmSync(making, { force: true });
  try {
    closeSync(openSync(making, 'ax', 0o600)); // SQLite would ask the umask for the mode
    makeTables(making);
    give(making, file);
  } finally {
    rmSync(making, { force: true });
  }
}

/** Without a journal: a file in which this fails is thrown away. */
function makeTables(file: string): void {
  const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
  const db = new DatabaseSync(file);
  try {
    db.exec(`
      PRAGMA journal_mode = OFF;
      PRAGMA synchronous = FULL;
      BEGIN;
      CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
      CREATE TABLE rows (tab TEXT, key TEXT, value TEXT NOT NULL, PRIMARY KEY (tab, key)) STRICT, WITHOUT ROWID;
      INSERT INTO meta VALUES ('schema', ${schemaVersion}), ('revision', 0);
      COMMIT`);
  } finally {
    db.close();
  }
}

/** A link, unlike a rename, never replaces what is there; not every file system has them. */
function give(made: string, file: string): void {
  try {
    linkSync(made, file);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) renameSync(made, file);
    else if (code !== 'EEXIST') throw error;
  }
}
