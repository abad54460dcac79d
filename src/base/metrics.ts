/** Metrics as the project sees them; a room declares its own in one place. The library behind them is in `admin`. */

export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(amount?: number, labels?: Labels): void;
}

export interface Gauge {
  set(value: number, labels?: Labels): void;
  add(amount: number, labels?: Labels): void;
  /** Forgets the series, for example when an upstream is gone. */
  remove(labels: Labels): void;
}

export interface Metrics {
  /** `name` is `connect_<noun>_<unit or total>`. Declaring the same name twice gives the same metric. */
  counter(name: string, help: string, labelNames?: readonly string[]): Counter;
  gauge(name: string, help: string, labelNames?: readonly string[]): Gauge;
}

export const noMetrics: Metrics = {
  counter: () => ({ add: () => undefined }),
  gauge: () => ({ set: () => undefined, add: () => undefined, remove: () => undefined }),
};
