import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentService } from '../api/index.ts';
import { sidecarsOf } from './config-source.ts';

test('sidecars are found by the ID of their service, in any case', () => {
  const services = [
    { Kind: 'connect-proxy', ID: 'Web-1-sidecar-proxy', Proxy: { DestinationServiceID: 'Web-1' } },
    { Kind: 'connect-proxy', ID: 'other', Proxy: { DestinationServiceID: 'web-2' } },
    { Kind: 'connect-proxy', ID: 'managed', Proxy: { DestinationServiceName: 'web-1' } },
    { Kind: '', ID: 'web-1' },
  ].map((service) => ({ Service: 'x', Address: '', Port: 1, ...service }) satisfies AgentService);
  assert.deepEqual(sidecarsOf('web-1', services), ['Web-1-sidecar-proxy']);
  assert.deepEqual(sidecarsOf('WEB-2', services), ['other']);
  assert.deepEqual(sidecarsOf('db', services), []);
});
