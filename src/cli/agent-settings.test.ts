import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { agentFlags, givenIgnoredFlags, ignoredFlags } from './agent-flags.ts';
import { settingsFromFiles, withFlags } from './agent-settings.ts';
import { type ConfigFile, readConfigPath } from './config-files.ts';
import { parseFlags } from './flags.ts';

test('keys of a pasted configuration are understood in any case', () => {
  const settings = settingsFromFiles([
    file({
      Data_Dir: '/data',
      NODE_NAME: 'one',
      node_meta: { zone: 'a' },
      ports: { http: 8501, sidecar_min_port: 22_000 },
      connect: { enabled: true, ca_config: { cluster_id: 'x' } },
    }),
    file({ node_name: 'two', nodeMeta: { rack: '3' } }),
  ]);
  assert.equal(settings.dataDir, '/data');
  assert.equal(settings.nodeName, 'two');
  assert.deepEqual(settings.nodeMeta, { zone: 'a', rack: '3' });
  assert.equal(settings.httpPort, 8501);
  assert.equal(settings.sidecarMinPort, 22_000);
  assert.deepEqual(settings.caConfig, { cluster_id: 'x' });
  assert.deepEqual(settings.ignored, []);
});

test('keys that mean nothing on one machine are accepted and named', () => {
  const settings = settingsFromFiles([
    file({
      server: true,
      bootstrap: true,
      performance: { raft_multiplier: 1 },
      ports: { dns: -1, serf_lan: 1 },
      segments: null,
    }),
  ]);
  assert.deepEqual(settings.ignored, ['server', 'bootstrap', 'performance', 'ports.dns', 'ports.serf_lan']);
});

test('ACLs are asked for in the words of now and of before', () => {
  const tokens = { master: 'root', agent_recovery: 'r', default: '' };
  const now = settingsFromFiles([
    file({ acl: { enabled: true, default_policy: 'deny', tokens, down_policy: 'deny' } }),
  ]);
  assert.equal(now.aclEnabled, true);
  assert.equal(now.aclDefaultPolicy, 'deny');
  assert.deepEqual(now.aclTokens, { initialManagement: 'root', agentRecovery: 'r' });
  assert.deepEqual(now.ignored, ['acl.down_policy']);

  const before = settingsFromFiles([
    file({ acl_datacenter: 'dc1', acl_master_token: 'root', acl_default_policy: 'deny' }),
  ]);
  assert.equal(before.aclEnabled, true);
  assert.equal(before.aclDefaultPolicy, 'deny');
  assert.deepEqual(before.aclTokens, { initialManagement: 'root' });
});

test('rules that nobody switched on are named', () => {
  const settings = settingsFromFiles([file({ acl: { default_policy: 'deny', tokens: {} } })]);
  const parsed = parseFlags({ ...agentFlags, ...ignoredFlags }, []);
  assert.ok(parsed.kind === 'flags');
  assert.deepEqual(withFlags(settings, parsed.values, []).ignored, ['acl, because acl.enabled is not true']);
});

const refused: readonly (readonly [text: string, message: RegExp])[] = [
  ['{\n  "node_name": "x",\n  "bogus": 1\n}', /^a\.json:3: bogus: there is no such key$/],
  ['{"ports": {"http": "8500"}}', /^a\.json:1: ports\.http: expected a whole number, found "8500"$/],
  ['{"node_name": 5}', /^a\.json:1: node_name: expected text, found 5$/],
  ['{"service": {"name": "web", "prot": 80}}', /^a\.json: service\.prot: there is no such key$/],
  [
    '{"services": [{"name": "a"}, {"connect": {"sidecar_service": {"x": 1}}}]}',
    /services\[1\]\.connect\.sidecar_service\.x/,
  ],
  ['{"acl": {"enabled": "yes"}}', /^a\.json:1: acl\.enabled: expected true or false/],
  ['{"acl": {"tokens": {"mater": "x"}}}', /^a\.json:1: acl\.tokens\.mater: there is no such key$/],
  ['{"acl": {"tokens": {"master": 123456}}}', /^a\.json:1: acl\.tokens\.master: expected a token, as text$/],
  ['{"http_config": {"block_endpoints": ["/v1/"]}}', /^a\.json:1: http_config\.block_endpoints: is not there yet/],
  ['{"connect": {"ca_provider": "vault"}}', /^a\.json:1: connect\.ca_provider: expected consul/],
  ['{"services": [5]}', /^a\.json: services\[0\]: expected an object, found 5$/],
];

for (const [text, message] of refused) {
  test(`${text.replaceAll('\n', ' ')} is refused where it stands`, () => {
    assert.throws(() => settingsFromFiles([file(JSON.parse(text), text)]), { name: 'InputError', message });
  });
}

test('definitions become what the API takes, and opaque maps stay as they are', () => {
  const { services, checks } = settingsFromFiles([
    file({
      service: { name: 'web', meta: { some_key: 'x' }, tagged_addresses: { lan: { address: 'h', port: 1 } } },
      services: [
        {
          Name: 'proxy',
          proxy: { config: { bind_port: 1 }, upstreams: [{ destination_name: 'db', local_bind_port: 5 }] },
        },
      ],
      check: { id: 'mem', ttl: '5s', deregister_critical_service_after: '1m' },
    }),
  ]);
  assert.deepEqual(services, [
    { Name: 'web', Meta: { some_key: 'x' }, TaggedAddresses: { lan: { Address: 'h', Port: 1 } } },
    { Name: 'proxy', Proxy: { Config: { bind_port: 1 }, Upstreams: [{ DestinationName: 'db', LocalBindPort: 5 }] } },
  ]);
  assert.deepEqual(checks, [{ CheckID: 'mem', TTL: '5s', DeregisterCriticalServiceAfter: '1m' }]);
});

test('a flag wins over a file, and metadata of both is kept', () => {
  const argv = '-node cli -node-meta a:b:c -dev -server -bootstrap-expect=1 -retry-join x -http-port=1234'.split(' ');
  const parsed = parseFlags({ ...agentFlags, ...ignoredFlags }, argv);
  assert.ok(parsed.kind === 'flags');
  const settings = withFlags(
    settingsFromFiles([file({ node_name: 'file', node_meta: { z: 'y' }, log_level: 'warn' })]),
    parsed.values,
    givenIgnoredFlags(parsed.values),
  );
  assert.equal(settings.nodeName, 'cli');
  assert.equal(settings.logLevel, 'warn');
  assert.equal(settings.httpPort, 1234);
  assert.equal(settings.isDev, true);
  assert.deepEqual(settings.nodeMeta, { z: 'y', a: 'b:c' });
  assert.deepEqual(settings.ignored, ['-bootstrap-expect', '-retry-join', '-server']);
});

test('an empty file says nothing; a broken one is refused with its line; a folder is read by name', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
  try {
    await writeFile(join(folder, 'b.json'), '');
    await writeFile(join(folder, 'a.json'), '{"node_name": "a"}');
    await writeFile(join(folder, 'c.txt'), 'not ours');
    assert.deepEqual(
      readConfigPath(folder).map(({ value }) => value),
      [{ node_name: 'a' }, {}],
    );
    await writeFile(join(folder, 'b.json'), '{\n  "a": 1,\n}');
    assert.throws(() => readConfigPath(join(folder, 'b.json')), {
      name: 'InputError',
      message: /b\.json:3: this is no JSON/,
    });
    assert.throws(() => readConfigPath(join(folder, 'none.json')), {
      message: /none\.json: can't be read: no such file/,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});

function file(value: ConfigFile['value'], text: string = JSON.stringify(value)): ConfigFile {
  return { path: 'a.json', text, value };
}
