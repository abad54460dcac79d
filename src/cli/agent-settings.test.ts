import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentFlags, configOfFlags, givenIgnoredFlags, ignoredFlags } from './agent-flags.ts';
import { type AgentSettings, findRestartKeys, settingsOf, usedKeys } from './agent-settings.ts';
import { agentKeys } from './config/agent-keys.ts';
import type { JsonObject, Kind } from './config/kinds.ts';
import { parseFlags } from './flags.ts';

test('settings come from their keys', () => {
  const settings = settingsFrom({
    data_dir: '/data',
    node_meta: { zone: 'a' },
    ports: { http: 8501, sidecar_min_port: 22_000 },
    connect: { enabled: true, ca_provider: 'consul', ca_config: { cluster_id: 'x' } },
  });
  assert.equal(settings.dataDir, '/data');
  assert.deepEqual(settings.nodeMeta, { zone: 'a' });
  assert.equal(settings.httpPort, 8501);
  assert.equal(settings.sidecarMinPort, 22_000);
  assert.deepEqual(settings.caConfig, { cluster_id: 'x' });
  assert.deepEqual(settings.ignored, []);
});

test('keys that mean nothing on one machine are accepted and named', () => {
  const settings = settingsFrom({
    server: true,
    performance: { raft_multiplier: 1 },
    ports: { dns: -1, serf_lan: 1, http: 1 },
    acl: { tokens: {} },
  });
  assert.deepEqual(settings.ignored, ['server', 'performance', 'ports.dns', 'ports.serf_lan']);
});

test('every key with an effect is one of Consul', () => {
  const unknown = usedKeys.filter((key) => {
    let kind: Kind | undefined = { is: 'object', keys: agentKeys };
    for (const name of key.split('.')) kind = kind?.is === 'object' ? kind.keys[name] : undefined;
    return kind === undefined;
  });
  assert.deepEqual(unknown, []);
});

test('ACLs are asked for in the words of now and of before', () => {
  const tokens = { master: 'root', agent_recovery: 'r', default: '' };
  const now = settingsFrom({ acl: { enabled: true, default_policy: 'deny', tokens, down_policy: 'deny' } });
  assert.equal(now.aclEnabled, true);
  assert.equal(now.aclDefaultPolicy, 'deny');
  assert.deepEqual(now.aclTokens, { initialManagement: 'root', agentRecovery: 'r' });
  assert.deepEqual(now.ignored, ['acl.down_policy']);

  const before = settingsFrom({ acl_datacenter: 'dc1', acl_master_token: 'root', acl_default_policy: 'deny' });
  assert.equal(before.aclEnabled, true);
  assert.equal(before.aclDefaultPolicy, 'deny');
  assert.deepEqual(before.aclTokens, { initialManagement: 'root' });
});

test('rules that nobody switched on are named', () => {
  const { ignored } = settingsFrom({ acl: { default_policy: 'deny', tokens: {} } });
  assert.deepEqual(ignored, ['acl, because acl.enabled is not true']);
});

test('flags say what keys say', () => {
  const line =
    '-node cli -node-meta a:b:c -dev -server -bootstrap-expect=1 -retry-join x -http-port=1234 -enable-script-checks';
  const parsed = parseFlags({ ...agentFlags, ...ignoredFlags }, line.split(' '));
  assert.ok(parsed.kind === 'flags');
  assert.deepEqual(configOfFlags(parsed.values), {
    node_name: 'cli',
    enable_script_checks: true,
    node_meta: { a: 'b:c' },
    ports: { http: 1234 },
  });
  assert.deepEqual(givenIgnoredFlags(parsed.values), ['-bootstrap-expect', '-retry-join', '-server']);
});

test('files and folders keep the order in which they stand on the line', () => {
  const parsed = parseFlags(agentFlags, '-config-file a -config-dir b -config-file=c -config-dir=d'.split(' '));
  assert.ok(parsed.kind === 'flags');
  assert.deepEqual(parsed.values['config-file'], ['a', 'b', 'c', 'd']);
});

test('what waits for a restart is known by its key', () => {
  const running = settingsFrom({ node_name: 'a', log_level: 'info', acl: { enabled: true, tokens: { agent: 'x' } } });
  const wanted = settingsFrom({
    log_level: 'warn',
    server: true,
    ports: { http: 1 },
    acl: { enabled: true, tokens: { agent: 'y' } },
  });
  assert.deepEqual(findRestartKeys(running, wanted).sort(), ['acl.tokens', 'node_name', 'ports.http']);
  assert.deepEqual(findRestartKeys(running, running), []);
});

function settingsFrom(values: JsonObject): AgentSettings {
  return settingsOf({ values, services: [], checks: [], skipped: [], placeOf: () => undefined }, undefined, []);
}
