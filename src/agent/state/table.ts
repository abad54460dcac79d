/** Rows by key, and by the values that they are looked up with. */

export interface ReadonlyTable<R> {
  get(key: string): R | undefined;
  values(): Iterable<R>;
  /** Rows whose lookup `name` (tables.ts) gives `value`, in no particular order. */
  by(name: string, value: string): Iterable<R>;
  readonly size: number;
}

export class Table<R> implements ReadonlyTable<R> {
  readonly #rows = new Map<string, R>();
  readonly #lookups: readonly (readonly [string, (row: R) => string | undefined, Map<string, Map<string, R>>])[];

  constructor(lookupsOfTable: Readonly<Record<string, (row: never) => string | undefined>>) {
    this.#lookups = Object.entries(lookupsOfTable).map(([name, of]) => [
      name,
      of as (row: R) => string | undefined,
      new Map(),
    ]);
  }

  get size(): number {
    return this.#rows.size;
  }

  get(key: string): R | undefined {
    return this.#rows.get(key);
  }

  values(): Iterable<R> {
    return this.#rows.values();
  }

  by(name: string, value: string): Iterable<R> {
    const lookup = this.#lookups.find(([own]) => own === name);
    if (lookup === undefined) throw new Error(`no lookup ${name}`);
    return lookup[2].get(value)?.values() ?? [];
  }

  set(key: string, row: R): void {
    this.delete(key);
    this.#rows.set(key, row);
    for (const [, of, found] of this.#lookups) {
      const value = of(row);
      if (value === undefined) continue;
      const rows = found.get(value);
      if (rows) rows.set(key, row);
      else found.set(value, new Map([[key, row]]));
    }
  }

  delete(key: string): void {
    const old = this.#rows.get(key);
    if (old === undefined) return;
    this.#rows.delete(key);
    for (const [, of, found] of this.#lookups) {
      const value = of(old);
      if (value === undefined) continue;
      const rows = found.get(value);
      rows?.delete(key);
      if (rows?.size === 0) found.delete(value);
    }
  }
}
