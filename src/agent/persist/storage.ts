/** Where the agent's state survives a restart. Shaped so that a store with revisions (etcd) would fit as well as SQLite. */

export interface StoredRow {
  readonly table: string;
  readonly key: string;
  /** JSON-compatible. */
  readonly value: unknown;
}

export interface Batch {
  /** The store's count after this batch. */
  readonly revision: number;
  readonly puts: readonly StoredRow[];
  readonly deletes: readonly { readonly table: string; readonly key: string }[];
}

export interface Storage {
  load(): { readonly revision: number; readonly rows: readonly StoredRow[] };
  /** On disk when it returns. When it throws, nothing of the batch has happened. */
  commit(batch: Batch, expectedRevision: number): void;
  close(): void;
}

/** For `-dev` and tests: nothing outlives the process. */
export function memoryStorage(): Storage {
  return { load: () => ({ revision: 0, rows: [] }), commit: () => undefined, close: () => undefined };
}
