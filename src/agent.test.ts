import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Agent, startAgent } from './agent.ts';

test('agents run in the user’s own process, several at once, on free ports', async () => {
  await using first = await startOnFreePort('first');
  await using second = await startOnFreePort('second');
  for (const agent of [first, second]) {
    const answer = await fetch(`http://127.0.0.1:${agent.address.port}/v1/agent/self`);
    const { Config } = (await answer.json()) as { Config: { NodeName: string } };
    assert.equal(Config.NodeName, agent.nodeName);
  }
});

test('an option that can’t be used is refused, and its place is named', async () => {
  await assert.rejects(startAgent({ dev: true, datacenter: 'A B' }), { name: 'InputError', message: /^datacenter: / });
});

function startOnFreePort(nodeName: string): Promise<Agent> {
  return startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }], nodeName });
}
