import type { AdminSources } from '../admin/index.ts';
import type { Proxy as RunningProxy } from '../proxy/index.ts';
import type { ProgramRuntime } from './program-runtime.ts';

/** What the admin endpoints of a proxy show. It is live as long as it answers: whatever it waits for may come. */
export function adminSourcesOf(proxy: RunningProxy, { metrics }: ProgramRuntime): AdminSources {
  return {
    ready: () => proxy.readiness(),
    live: () => true,
    metrics: () => {
      proxy.sampleMetrics();
      return metrics.text();
    },
    config: () => proxy.effectiveConfig(),
    connections: () => proxy.connections(),
    certificates: () => proxy.certificates(),
  };
}
