/** What clients expect of the agent's own presence in what it tells. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startAskedAgent } from './asked-agent.ts';

test('6: service `consul` and check `serfHealth` are in catalog and health, never among the agent’s own', async () => {
  await using agent = await startAskedAgent();
  const [consul] = await agent.get('catalog/service/consul');
  assert.deepEqual([consul.ServiceID, consul.ServicePort], ['consul', 8300]);
  const [{ Checks }] = await agent.get('health/service/consul?passing');
  assert.deepEqual(
    Checks.map((check: { CheckID: string; Status: string }) => [check.CheckID, check.Status]),
    [['serfHealth', 'passing']],
  );
  assert.equal((await agent.get('health/node/ours'))[0].CheckID, 'serfHealth');
  assert.deepEqual(await agent.get('agent/services'), {});
  assert.deepEqual(await agent.get('agent/checks'), {});
});

test('7: the own node has four tagged addresses, and as meta its network segment and what was configured', async () => {
  await using agent = await startAskedAgent({ nodeMeta: { rack: '7' } });
  const [node] = await agent.get('catalog/nodes');
  assert.deepEqual(Object.keys(node.TaggedAddresses).sort(), ['lan', 'lan_ipv4', 'wan', 'wan_ipv4']);
  assert.deepEqual(node.Meta, { 'consul-network-segment': '', rack: '7' });
});

test('8: the index of catalog/nodes is that of its newest node, at least 2, with a leader known', async () => {
  await using agent = await startAskedAgent();
  const indexOf = async () => {
    const { headers, json } = await agent.ask('GET', 'catalog/nodes');
    assert.equal(headers.get('x-consul-knownleader'), 'true');
    const index = Number(headers.get('x-consul-index'));
    assert.equal(index, Math.max(...json.map((node: { ModifyIndex: number }) => node.ModifyIndex)));
    return index;
  };
  const first = await indexOf();
  assert.ok(first >= 2);
  await agent.put('agent/service/register', { Name: 'web' });
  assert.equal(await indexOf(), first);
  await agent.put('catalog/register', { Node: 'other', Address: '192.0.2.1' });
  assert.ok((await indexOf()) > first);
});

test('9: every read with an index says X-Consul-LastContact and a known leader', async () => {
  const token = 'root';
  await using agent = await startAskedAgent({ acl: { enabled: true, tokens: { initialManagement: token } } });
  for (const path of [
    'catalog/nodes',
    'catalog/services',
    'catalog/service/consul',
    'catalog/connect/web',
    'catalog/node/ours',
    'catalog/node-services/ours',
    'health/node/ours',
    'health/checks/consul',
    'health/service/consul',
    'health/connect/web',
    'health/state/any',
    'connect/intentions',
    'connect/intentions/match?by=destination&name=web',
    'config/service-intentions',
    'acl/tokens',
    'acl/policies',
    'acl/roles',
  ]) {
    const { status, headers } = await agent.ask('GET', path, undefined, { 'X-Consul-Token': token });
    assert.equal(status, 200, path);
    assert.match(headers.get('x-consul-index') ?? '', /^[1-9]\d*$/, path);
    assert.equal(headers.get('x-consul-lastcontact'), '0', path);
    assert.equal(headers.get('x-consul-knownleader'), 'true', path);
  }
});

test('9: the roots come with a last contact and, as in Consul, without a leader known', async () => {
  await using agent = await startAskedAgent();
  for (const path of ['agent/connect/ca/roots', 'connect/ca/roots']) {
    const { headers } = await agent.ask('GET', path);
    assert.deepEqual([headers.get('x-consul-lastcontact'), headers.get('x-consul-knownleader')], ['0', 'false'], path);
  }
});

test('10: an unknown datacenter is an error; `cached` hits on the second read, with age 0', async () => {
  await using agent = await startAskedAgent();
  for (const path of ['status/leader', 'status/peers', 'catalog/nodes', 'health/service/consul']) {
    const { status, text } = await agent.ask('GET', `${path}?dc=unknown`);
    assert.deepEqual([status, text], [500, 'No path to datacenter'], path);
  }
  assert.equal((await agent.ask('GET', 'health/service/consul?cached')).headers.get('x-cache'), 'MISS');
  const { headers } = await agent.ask('GET', 'health/service/consul?cached');
  assert.deepEqual([headers.get('x-cache'), headers.get('age')], ['HIT', '0']);
});
