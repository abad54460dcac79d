import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { readPlan } from './read-plan.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-plan-'));
});
after(() => rm(folder, { recursive: true }));

/** What would be open, unguarded or unrecorded without them. */
const refused: readonly (readonly [text: string, message: string])[] = [
  ['http_config { block_endpoints = ["v1/kv"] }', ':2: http_config.block_endpoints: expected a path such as'],
  [
    'http_config { allow_write_http_from = ["10.0.0.1"] }',
    ':2: http_config.allow_write_http_from: expected a range of addresses such as 10.0.0.0/8, found "10.0.0.1"',
  ],
  [
    'http_config { response_headers { "X-A" = "b\\nSet-Cookie: c" } }',
    ':2: http_config.response_headers: Invalid character in header content ["X-A"]',
  ],
  ['http_config { response_headers { "X A" = "b" } }', ':2: http_config.response_headers: Header name must be a valid'],
  [
    'http_config { response_headers { content-length = "1" } }',
    ':2: http_config.response_headers: Content-Length is set by the agent itself',
  ],
  ['http_config { max_header_bytes = 12 }', ':2: http_config.max_header_bytes: expected 1024 to 1048576 bytes'],
  ['segment = "a"', ':2: segment: network segments are not there'],
  ['ports { https = 8501 }', ':2: ports.https: HTTPS is not served here'],
  ['acl { default_policy = "deny" }', ':2: acl.default_policy: nothing is denied without acl.enabled = true'],
  ['acl_default_policy = "deny"', ':2: acl_default_policy: nothing is denied'],
  ['acl { msp_disable_bootstrap = true }', ':2: acl.msp_disable_bootstrap: '],
  ['audit { enabled = true }', ':2: audit.enabled: no audit log'],
  ['connect { enabled = false }', ':2: connect.enabled: '],
  ['enable_agent_tls_for_checks = true', ':2: enable_agent_tls_for_checks: '],
  ['limits { request_limits { mode = "enforcing" } }', ':2: limits.request_limits.mode: '],
  ['partition = "a"', ':2: partition: '],
];

for (const [text, message] of refused) {
  test(`${text} is refused where it stands`, async () => {
    const file = join(folder, 'agent.hcl');
    await writeFile(file, `data_dir = "/data"\n${text}\n`);
    await assert.rejects(readPlan({ paths: [file] }), (error: Error) => {
      assert.ok(error.message.startsWith(`${file}${message}`), error.message);
      return true;
    });
  });
}

test('what is asked for on the line is refused under the name of the flag', async () => {
  await assert.rejects(readPlan({ paths: [], isDev: true, values: { segment: 'a' } }), {
    message: /^-segment \(segment\): network segments are not there/,
  });
  await assert.rejects(readPlan({ paths: [], isDev: true, values: { ports: { https: 8501 } } }), {
    message: /^-https-port \(ports\.https\): HTTPS is not served here/,
  });
});

test('the same keys are taken where they ask for nothing', async () => {
  const texts = [
    'acl { enabled = false default_policy = "deny" msp_disable_bootstrap = false } audit { enabled = false }',
    'connect { enabled = true } ports { https = -1 } partition = "default" limits { request_limits { mode = "permissive" } }',
    'http_config { block_endpoints = ["/v1/kv"] allow_write_http_from = ["::1/128"] }',
  ];
  const { config } = await readPlan({ paths: [], isDev: true, texts });
  assert.deepEqual(config.access, { blockedPaths: ['/v1/kv'], writersFrom: ['::1/128'] });
});
