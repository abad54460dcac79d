import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './prometheus.ts';

test('what was counted is there to read, each registry for itself', async () => {
  const [metrics, other] = [createMetrics(), createMetrics()];
  metrics.counter('connect_refused_total', 'Refused.', ['stage']).add(2, { stage: 'dial' });
  metrics.counter('connect_refused_total', 'Refused.', ['stage']).add(1, { stage: 'dial' });
  const open = metrics.gauge('connect_connections_open', 'Open.', ['direction']);
  open.set(3, { direction: 'inbound' });
  open.add(-1, { direction: 'inbound' });
  open.set(1, { direction: 'outbound' });
  open.remove({ direction: 'outbound' });
  const text = await metrics.text();
  assert.match(text, /^connect_refused_total\{stage="dial"\} 3$/m);
  assert.match(text, /^connect_connections_open\{direction="inbound"\} 2$/m);
  assert.doesNotMatch(text, /outbound/);
  assert.equal((await other.text()).trim(), '');
});
