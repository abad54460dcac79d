/** What clients expect of the agent's program: its configuration, its start and its end. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { startOurAgent, startProgram } from '../../testing/index.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

test('1: a second configuration file may be empty, and what is written into it is registered by a reload', async (t) => {
  const [first, second] = await files(t, { 'a.json': '{}', 'b.json': '' });
  await using agent = await startOurAgent(['-config-file', first ?? '', '-config-file', second ?? '']);
  await writeFile(second ?? '', JSON.stringify({ service: { name: 'web', port: 80, Meta: { env: 'test' } } }));
  const url = `http://${agent.address}/v1/agent`;
  assert.equal((await fetch(`${url}/reload`, { method: 'PUT' })).status, 200);
  const services = (await (await fetch(`${url}/services`)).json()) as { web: { Meta: object } };
  assert.deepEqual(services.web.Meta, { env: 'test' });
});

test('2: an interrupt ends the agent with exit code 0', async (t) => {
  const [socket] = await files(t, { 'http.sock': undefined });
  const [config] = await files(t, { 'c.json': JSON.stringify({ addresses: { http: `unix://${socket}` } }) });
  await using agent = await startProgram(process.execPath, [main, 'agent', '-dev', '-config-file', config ?? '']);
  await agent.line(/Fairlead agent running/);
  assert.deepEqual(await agent.end('SIGINT'), { code: 0, signal: null });
});

test('3: keys of a server that one node has no use for are accepted', async (t) => {
  const [config] = await files(t, {
    'c.json': JSON.stringify({
      performance: { raft_multiplier: 1 },
      raft_protocol: 3,
      bootstrap: true,
      server: true,
      encrypt: 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=',
      disable_update_check: true,
      ports: { serf_lan: 1, serf_wan: 2, server: 3, dns: 4 },
      segments: null,
      acl: { tokens: {} },
      addresses: {},
    }),
  });
  await using agent = await startOurAgent(['-config-file', config ?? '']);
  assert.equal((await fetch(`http://${agent.address}/v1/agent/self`)).status, 200);
});

test('4: trust domain, node ID, name and meta are as configured; HTTP may be on a Unix socket alone', async (t) => {
  const [socket] = await files(t, { 'http.sock': undefined });
  const id = '11111111-2222-3333-4444-555555555555';
  const [config] = await files(t, {
    'c.json': JSON.stringify({
      addresses: { http: `unix://${socket}` },
      connect: { enabled: true, ca_config: { cluster_id: id } },
      node_id: id,
      node_name: 'mine',
      node_meta: { rack: '7' },
    }),
  });
  await using agent = await startProgram(process.execPath, [main, 'agent', '-dev', '-config-file', config ?? '']);
  await agent.line(/Fairlead agent running/);
  const get = async (path: string) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    request({ socketPath: socket, path: `/v1/${path}`, agent: false }, (answer) => resolve(text(answer)))
      .on('error', reject)
      .end();
    return JSON.parse(await promise);
  };
  assert.equal((await get('connect/ca/roots')).TrustDomain, `${id}.consul`);
  const [node] = await get('catalog/nodes');
  assert.deepEqual([node.ID, node.Node, node.Meta.rack], [id, 'mine', '7']);
});

test('5: a master token in the configuration may be any text', async (t) => {
  const [config] = await files(t, {
    'c.json': JSON.stringify({
      primary_datacenter: 'dc1',
      acl: { enabled: true, default_policy: 'allow', tokens: { master: 'root' } },
    }),
  });
  await using agent = await startOurAgent(['-config-file', config ?? '']);
  const headers = { 'X-Consul-Token': 'root' };
  const self = await fetch(`http://${agent.address}/v1/acl/token/self`, { headers });
  assert.equal(((await self.json()) as { SecretID: string }).SecretID, 'root');
});

/** Writes them into a folder of their own and gives their paths; one without content is only a path. */
async function files(t: TestContext, contents: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return Promise.all(
    Object.entries(contents).map(async ([name, content]) => {
      const path = join(folder, name);
      if (content !== undefined) await writeFile(path, content);
      return path;
    }),
  );
}
