/** The numbers of a proxy. */

import type { Counter, Gauge, Metrics } from '../base/index.ts';
import type { Counters } from '../relay/index.ts';

export interface ProxyMetrics {
  readonly connections: Counter;
  readonly refused: Counter;
  readonly cut: Counter;
  readonly questions: Counter;
  readonly eventsLost: Counter;
  readonly listenerFailures: Counter;
  readonly ready: Gauge;
  readonly leafExpiry: Gauge;
  /** Takes over what the data plane has counted since the last time. */
  sample(counters: Counters): void;
}

const directions = ['inbound', 'outbound'] as const;

export function declareMetrics(metrics: Metrics): ProxyMetrics {
  const open = metrics.gauge('connect_connections_open', 'Connections that carry bytes now.', ['direction']);
  const bytes = metrics.counter('connect_bytes_total', 'Bytes carried, both ways together.', ['direction']);
  const accepted = metrics.counter('connect_accepted_total', 'Connections accepted, whatever became of them.', [
    'direction',
  ]);
  const cut = metrics.counter('connect_cut_total', 'Live connections cut because their peer is no longer allowed.');
  let last: Pick<Counters, 'bytes' | 'accepted' | 'cut'> = {
    bytes: { inbound: 0, outbound: 0 },
    accepted: { inbound: 0, outbound: 0 },
    cut: 0,
  };
  return {
    cut,
    connections: metrics.counter('connect_connections_total', 'Connections opened, by the service at the other end.', [
      'direction',
      'peer',
    ]),
    refused: metrics.counter('connect_refused_total', 'Connections refused or failed, by how far they came.', [
      'direction',
      'stage',
    ]),
    questions: metrics.counter('connect_questions_total', 'Decisions asked of the agent.', ['decision']),
    eventsLost: metrics.counter('connect_events_lost_total', 'Events about connections that came too fast to be told.'),
    listenerFailures: metrics.counter('connect_listener_failures_total', 'Addresses that could not be bound.'),
    ready: metrics.gauge('connect_ready', '1 when the proxy can serve, 0 when it can not.'),
    leafExpiry: metrics.gauge(
      'connect_leaf_expiry_timestamp_seconds',
      'When the leaf in use ends, in seconds since the epoch.',
    ),
    sample: (now) => {
      for (const direction of directions) {
        open.set(now.openConnections[direction], { direction });
        bytes.add(now.bytes[direction] - last.bytes[direction], { direction });
        accepted.add(now.accepted[direction] - last.accepted[direction], { direction });
      }
      cut.add(now.cut - last.cut);
      last = now;
    },
  };
}
