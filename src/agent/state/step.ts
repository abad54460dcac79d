/** One write of the store: what it may do, and how it takes itself back. */

import { isDeepStrictEqual } from 'node:util';
import type { ReadonlyTable, Table } from './table.ts';
import type { Indexed, Row, TableName, Tables } from './tables.ts';

export interface Transaction {
  table<N extends TableName>(name: N): ReadonlyTable<Row<N>>;
  /** Stores `row` under `key`. An equal row is already there: nothing happens and `false` comes back. */
  put<N extends TableName>(table: N, key: string, row: Tables[N]): boolean;
  /** Stores a row without moving any index: for what no indexed read shows. */
  putQuietly<N extends TableName>(table: N, key: string, row: Tables[N]): void;
  /** `false` when nothing was there. */
  delete(table: TableName, key: string): boolean;
  /** Marks what the written rows show in. Needed beside every `put` and `delete` that reported a change. */
  touch(...topics: readonly string[]): void;
  /** The count that this write will have, if it changes anything. */
  readonly index: number;
}

/** One write under way: applies itself as it goes and can take itself back. */
export class Step implements Transaction {
  readonly index: number;
  readonly topics: Set<string> = new Set<string>();
  readonly written: { table: string; key: string; value: Indexed | undefined }[] = [];
  readonly #tableOf: (name: string) => Table<Indexed> | undefined;
  readonly #undo: (() => void)[] = [];
  movesIndex: boolean = false;

  constructor(index: number, tableOf: (name: string) => Table<Indexed> | undefined) {
    this.index = index;
    this.#tableOf = tableOf;
  }

  get hasChanges(): boolean {
    return this.written.length > 0 || this.topics.size > 0;
  }

  table<N extends TableName>(name: N): ReadonlyTable<Row<N>> {
    return this.#table(name) as unknown as ReadonlyTable<Row<N>>;
  }

  put<N extends TableName>(table: N, key: string, row: Tables[N]): boolean {
    const old = this.#table(table).get(key);
    if (old !== undefined && isDeepStrictEqual(contentOf(old), contentOf(row))) return false;
    this.movesIndex = true;
    this.#set(table, key, { ...contentOf(row), createIndex: old?.createIndex ?? this.index, modifyIndex: this.index });
    return true;
  }

  putQuietly<N extends TableName>(table: N, key: string, row: Tables[N]): void {
    const old = this.#table(table).get(key);
    if (old === undefined) throw new Error(`no row ${JSON.stringify(key)} in ${table} to change quietly`);
    this.#set(table, key, { ...contentOf(row), createIndex: old.createIndex, modifyIndex: old.modifyIndex });
  }

  delete(table: TableName, key: string): boolean {
    if (this.#table(table).get(key) === undefined) return false;
    this.movesIndex = true;
    this.#set(table, key, undefined);
    return true;
  }

  touch(...topics: readonly string[]): void {
    this.movesIndex = true;
    for (const topic of topics) this.topics.add(topic);
  }

  undo(): void {
    for (const undo of this.#undo.toReversed()) undo();
  }

  #set(table: string, key: string, value: Indexed | undefined): void {
    const target = this.#table(table);
    const old = target.get(key);
    if (value === undefined) target.delete(key);
    else target.set(key, value);
    this.written.push({ table, key, value });
    this.#undo.push(() => (old === undefined ? target.delete(key) : target.set(key, old)));
  }

  #table(name: string): Table<Indexed> {
    const table = this.#tableOf(name);
    if (table === undefined) throw new Error(`no table ${name}`);
    return table;
  }
}

/** A row without its indexes, and without absent members at any depth: JSON would lose them, and a row read back must equal this one. */
function contentOf(row: object): object {
  const { createIndex: _, modifyIndex: __, ...content } = row as Partial<Indexed>;
  return withoutAbsent(content) as object;
}

function withoutAbsent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isRawJson(value)) return value;
  if (Array.isArray(value)) return value.map(withoutAbsent);
  const present = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(present.map(([name, member]) => [name, withoutAbsent(member)]));
}

/** What the compiler's library does not know yet of `JSON`. */
const { isRawJSON: isRawJson } = JSON as unknown as { isRawJSON(value: unknown): boolean };
