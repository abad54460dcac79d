/**
 * The agent's state: rows in memory, on disk before a write is answered, with one counter that grows with every write.
 *
 * What a read depends on is a set of *topics* (`service:web`, `roots`): each write names the topics that it changes, a topic carries the
 * count of its last change, deletions included, and a blocked query waits for its own topics alone. So a write elsewhere neither
 * wakes it nor moves its index.
 *
 * Writes of one turn of the event loop reach the disk together. They are visible at once, and an answer that shows one waits for
 * `settled`; when the disk refuses, all of them are undone.
 */

import type { Batch, Storage, StoredRow } from '../persist/storage.ts';
import { Step, type Transaction } from './step.ts';
import { type ReadonlyTable, Table } from './table.ts';
import { type Indexed, lookups, type Row, type TableName } from './tables.ts';

export type { Transaction } from './step.ts';
export type { ReadonlyTable } from './table.ts';

interface Waiter {
  readonly topics: readonly string[];
  readonly wake: () => void;
}

export interface StoreOptions {
  /** Topics that nobody waits for are forgotten beyond this many; their index is then that of the newest forgotten one. Default: 200 000. */
  readonly mostTopics?: number;
}

export class Store {
  readonly #storage: Storage;
  readonly #mostTopics: number;
  readonly #tables: { [N in TableName]: Table<Row<N>> };
  readonly #topics = new Map<string, number>();
  readonly #waiters = new Map<string, Set<Waiter>>();
  #index: number;
  /** The index of every topic without one of its own. */
  #floor: number;
  #revision: number;
  #pending: Pending | undefined;
  #isWriting: boolean = false;

  /** Counts on from what `storage` holds: one beyond, so that no index is given out twice for different content. */
  constructor(storage: Storage, { mostTopics = 200_000 }: StoreOptions = {}) {
    this.#storage = storage;
    this.#mostTopics = mostTopics;
    this.#tables = Object.fromEntries(Object.entries(lookups).map(([name, by]) => [name, new Table(by)])) as never;
    const { revision, rows } = storage.load();
    for (const { table, key, value } of rows) this.#anyTable(table)?.set(key, value as Indexed);
    this.#revision = revision;
    this.#index = revision + 1;
    this.#floor = this.#index;
  }

  /** The count of the newest write. */
  get index(): number {
    return this.#index;
  }

  table<N extends TableName>(name: N): ReadonlyTable<Row<N>> {
    return this.#tables[name] as unknown as ReadonlyTable<Row<N>>;
  }

  /** The count of the last change to any of `topics`; never 0. */
  indexOf(topics: Iterable<string>): number {
    let newest = 0;
    for (const topic of topics) newest = Math.max(newest, this.#topics.get(topic) ?? this.#floor);
    return Math.max(newest, 1);
  }

  /**
   * Runs `change` at once, as one step of the counter, and resolves when it is on disk. What `change` throws undoes the step and rejects.
   * Rejects with the storage's error when the disk refuses; the step is undone then. No write may begin inside another.
   */
  write<T>(change: (tx: Transaction) => T): Promise<T> {
    if (this.#isWriting) throw new Error('a write began inside another');
    const step = new Step(this.#index + 1, (name) => this.#anyTable(name));
    let result: T;
    this.#isWriting = true;
    try {
      result = change(step);
    } catch (error) {
      step.undo();
      return Promise.reject(error);
    } finally {
      this.#isWriting = false;
    }
    if (!step.hasChanges) return this.#pending ? this.#pending.done.then(() => result) : Promise.resolve(result);
    if (step.movesIndex) this.#index = step.index;
    const before = [...step.topics].map((topic) => [topic, this.#topics.get(topic)] as const);
    for (const topic of step.topics) this.#topics.set(topic, step.index);
    this.#pending ??= this.#startBatch();
    this.#pending.steps.push({ step, before });
    return this.#pending.done.then(() => result);
  }

  /** Undefined when everything visible is on disk; otherwise resolves when it is, or rejects when it was undone: read again then. */
  settled(): Promise<void> | undefined {
    return this.#pending?.done;
  }

  /** Resolves at the first change to one of `topics` beyond `since`, or when `signal` aborts. */
  waitForChange(topics: readonly string[], since: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted || this.indexOf(topics) > since) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#removeWaiter(waiter);
        signal.removeEventListener('abort', finish);
        resolve();
      };
      const waiter: Waiter = { topics, wake: finish };
      for (const topic of topics) {
        const waiting = this.#waiters.get(topic);
        if (waiting) waiting.add(waiter);
        else this.#waiters.set(topic, new Set([waiter]));
      }
      signal.addEventListener('abort', finish, { once: true });
    });
  }

  /** Puts what is pending on disk and closes the storage. */
  close(): void {
    if (this.#pending) this.#flush(this.#pending);
    this.#storage.close();
  }

  #startBatch(): Pending {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => undefined); // the writers handle it; a reader may not be there
    const pending: Pending = { steps: [], done: promise, resolve, reject };
    setImmediate(() => this.#flush(pending));
    return pending;
  }

  #flush(pending: Pending): void {
    if (this.#pending !== pending) return;
    this.#pending = undefined;
    const batch = batchOf(pending, this.#index);
    try {
      this.#storage.commit(batch, this.#revision);
    } catch (error) {
      this.#undo(pending);
      pending.reject(error);
      return;
    }
    this.#revision = batch.revision;
    pending.resolve();
    this.#wake(new Set(pending.steps.flatMap(({ step }) => [...step.topics])));
    if (this.#topics.size > this.#mostTopics) this.#forgetTopics();
  }

  #undo(pending: Pending): void {
    for (const { step, before } of pending.steps.toReversed()) {
      step.undo();
      for (const [topic, index] of before) {
        if (index === undefined) this.#topics.delete(topic);
        else this.#topics.set(topic, index);
      }
    }
    // The count itself stays: an index that was seen is never given out again.
  }

  #wake(topics: ReadonlySet<string>): void {
    const woken = new Set<Waiter>();
    for (const topic of topics) for (const waiter of this.#waiters.get(topic) ?? []) woken.add(waiter);
    for (const waiter of woken) waiter.wake();
  }

  #removeWaiter(waiter: Waiter): void {
    for (const topic of waiter.topics) {
      const waiting = this.#waiters.get(topic);
      waiting?.delete(waiter);
      if (waiting?.size === 0) this.#waiters.delete(topic);
    }
  }

  #forgetTopics(): void {
    const idle = [...this.#topics].filter(([topic]) => !this.#waiters.has(topic)).sort((a, b) => a[1] - b[1]);
    for (const [topic, index] of idle.slice(0, idle.length >> 1)) {
      this.#topics.delete(topic);
      this.#floor = Math.max(this.#floor, index);
    }
  }

  #anyTable(name: string): Table<Indexed> | undefined {
    return (this.#tables as unknown as Record<string, Table<Indexed>>)[name];
  }
}

interface Pending {
  readonly steps: { readonly step: Step; readonly before: readonly (readonly [string, number | undefined])[] }[];
  readonly done: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The last state of each row that the steps of a batch wrote. */
function batchOf(pending: Pending, revision: number): Batch {
  const rows = new Map<string, { readonly table: string; readonly key: string; readonly value: unknown }>();
  for (const { step } of pending.steps) for (const row of step.written) rows.set(`${row.table}\0${row.key}`, row);
  const puts: StoredRow[] = [];
  const deletes: { table: string; key: string }[] = [];
  for (const { table, key, value } of rows.values()) {
    if (value === undefined) deletes.push({ table, key });
    else puts.push({ table, key, value });
  }
  return { revision, puts, deletes };
}
