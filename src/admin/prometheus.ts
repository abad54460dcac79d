/** Metrics in the text form that Prometheus reads. The only file that knows prom-client. */

import { Counter, Gauge, Registry } from 'prom-client';
import type { Metrics } from '../base/index.ts';

export interface PrometheusMetrics extends Metrics {
  /** What `/metrics` answers. */
  text(): Promise<string>;
}

/** With a registry of its own, so that an agent and a proxy in one process don't mix. */
export function createMetrics(): PrometheusMetrics {
  const registry = new Registry();
  const declared = new Map<string, Counter | Gauge>();

  function declare<T extends Counter | Gauge>(
    Kind: new (options: { name: string; help: string; labelNames: string[]; registers: Registry[] }) => T,
    name: string,
    help: string,
    labelNames: readonly string[],
  ): T {
    const known = declared.get(name);
    if (known instanceof Kind) return known;
    if (known !== undefined) throw new Error(`the metric ${name} is declared twice, as different kinds`);
    const metric = new Kind({ name, help, labelNames: [...labelNames], registers: [registry] });
    declared.set(name, metric);
    return metric;
  }

  return {
    counter: (name, help, labelNames = []) => {
      const counter = declare(Counter, name, help, labelNames);
      return { add: (amount = 1, labels = {}) => counter.inc({ ...labels }, amount) };
    },
    gauge: (name, help, labelNames = []) => {
      const gauge = declare(Gauge, name, help, labelNames);
      return {
        set: (value, labels = {}) => gauge.set({ ...labels }, value),
        add: (amount, labels = {}) => gauge.inc({ ...labels }, amount),
        remove: (labels) => gauge.remove({ ...labels }),
      };
    },
    text: () => registry.metrics(),
  };
}
