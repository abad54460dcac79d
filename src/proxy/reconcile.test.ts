import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultSettings, type InboundConfig, type ProxyConfig, type UpstreamConfig } from './config.ts';
import { type Changes, nothing, planOf, reconcile } from './reconcile.ts';

const inbound: InboundConfig = {
  bind: { host: '0.0.0.0', port: 8443 },
  localService: { host: '127.0.0.1', port: 8080 },
  handshakeTimeout: 10_000,
  localConnectTimeout: 1_000,
};
const db: UpstreamConfig = { target: { service: 'db' }, bind: { host: '127.0.0.1', port: 1 }, connectTimeout: 10_000 };
const api: UpstreamConfig = {
  target: { service: 'api' },
  bind: { host: '127.0.0.1', port: 2 },
  connectTimeout: 10_000,
};
const before: ProxyConfig = { service: 'web', inbound, upstreams: [db] };

const table: readonly (readonly [string, ProxyConfig, Told])[] = [
  ['nothing changed', { ...before, inbound: { ...inbound } }, {}],
  ['an upstream was added', { ...before, upstreams: [db, api] }, { set: ['api on 127.0.0.1:2'], follow: ['api'] }],
  ['the upstream was removed', { ...before, upstreams: [] }, { remove: ['db on 127.0.0.1:1', 'db'], unfollow: ['db'] }],
  [
    'the upstream moved to another port',
    { ...before, upstreams: [{ ...db, bind: { host: '127.0.0.1', port: 3 } }] },
    { remove: ['db on 127.0.0.1:1'], set: ['db on 127.0.0.1:3'] },
  ],
  [
    'another upstream took its port',
    { ...before, upstreams: [{ ...api, bind: db.bind }] },
    { remove: ['db on 127.0.0.1:1', 'db'], set: ['api on 127.0.0.1:1'], follow: ['api'], unfollow: ['db'] },
  ],
  ['a timeout changed', { ...before, upstreams: [{ ...db, connectTimeout: 1 }] }, { set: ['db on 127.0.0.1:1'] }],
  [
    'the application moved',
    { ...before, inbound: { ...inbound, localService: { host: '127.0.0.1', port: 9 } } },
    { set: ['inbound'] },
  ],
  [
    'the inbound listener moved',
    { ...before, inbound: { ...inbound, bind: { host: '0.0.0.0', port: 9 } } },
    { remove: ['inbound'], set: ['inbound'] },
  ],
  ['there is no inbound any more', { service: 'web', upstreams: [db] }, { remove: ['inbound'] }],
];
for (const [what, after, expected] of table) {
  test(`${what}: ${JSON.stringify(expected)}`, () => {
    assert.deepEqual(told(reconcile(planOf(before, defaultSettings), planOf(after, defaultSettings))), expected);
  });
}

test('at the start everything is set', () => {
  const changes = reconcile(nothing, planOf(before, defaultSettings));
  assert.deepEqual(told(changes), { set: ['inbound', 'db on 127.0.0.1:1'], follow: ['db'] });
});

interface Told {
  readonly remove?: readonly string[];
  readonly set?: readonly string[];
  readonly follow?: readonly string[];
  readonly unfollow?: readonly string[];
}

/** The names only, and only what there is. */
function told({ remove, set, follow, unfollow }: Changes): Told {
  const names = {
    remove: remove.map((removal) => (removal.kind === 'listener' ? removal.name : removal.upstream)),
    set: set.map((resource) => (resource.kind === 'listener' ? resource.name : resource.kind)),
    follow: follow.map((target) => ('service' in target ? target.service : target.query)),
    unfollow: [...unfollow],
  };
  return Object.fromEntries(Object.entries(names).filter(([, list]) => list.length > 0));
}
