/** The SDK on our agent: leaf, roots, intentions and instances from a real agent, in this process. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { startAgent } from '../agent/index.ts';
import { type ConsulClient, createClient, watch } from '../api/index.ts';
import { startService } from '../connect/index.ts';
import { testRuntime } from '../testing/index.ts';

test('two native services talk; a deny cuts the live connection and refuses new ones, a rotation disturbs nobody', async () => {
  const runtime = testRuntime();
  await using agent = await startAgent(
    { dev: true, http: [{ host: '127.0.0.1', port: 0 }], defaultIntentionPolicy: 'deny' },
    runtime,
  );
  const address = `127.0.0.1:${agent.address.port}`;
  await using client = createClient({ address, runtime });
  const intend = (action: 'allow' | 'deny', source = 'web') =>
    client.call('PUT', '/v1/connect/intentions/exact', {
      query: { source, destination: 'api' },
      body: { SourceName: source, DestinationName: 'api', Action: action },
    });
  await intend('allow');

  await using api = await startService({ name: 'api', agent: { address } }, runtime);
  const server = api.serve((socket) => socket.pipe(socket));
  const { port } = await server.listen(0, '127.0.0.1');
  await client.registerService({ Name: 'api', Address: '127.0.0.1', Port: port, Connect: { Native: true } });
  await using web = await startService({ name: 'web', agent: { address } }, runtime);
  const echo = async () => {
    const socket = await web.dial('api');
    socket.write('hello');
    await once(socket, 'data');
    return socket;
  };

  const live = await echo();
  const first = live.peer.serial;
  await agent.rotateRoot();
  await reissued(client, 'api');
  for (let seen = first; seen === first; ) {
    const next = await echo();
    seen = next.peer.serial;
    next.destroy();
  }
  live.write('still here');
  await once(live, 'data');

  await intend('deny', 'batch');
  live.write('a deny for somebody else means nothing to us');
  await once(live, 'data');

  const cut = once(live, 'error');
  await intend('deny');
  assert.equal((await cut)[0].code, 'ECONNRESET');
  const [error] = await once(await web.dial('api'), 'error');
  assert.equal(error.code, 'REFUSED_BY_PEER');
});

for (const policy of ['allow', 'deny'] as const)
  test(`whom no intention names gets the agent's default: ${policy}`, async () => {
    const runtime = testRuntime();
    await using agent = await startAgent(
      { dev: true, http: [{ host: '127.0.0.1', port: 0 }], defaultIntentionPolicy: policy },
      runtime,
    );
    const address = `127.0.0.1:${agent.address.port}`;
    await using client = createClient({ address, runtime });
    await using api = await startService({ name: 'api', agent: { address } }, runtime);
    const { port } = await api.serve((socket) => socket.end('welcome')).listen(0, '127.0.0.1');
    await client.registerService({ Name: 'api', Address: '127.0.0.1', Port: port, Connect: { Native: true } });
    await using web = await startService({ name: 'web', agent: { address }, authorization: 'agent' }, runtime);
    const socket = await web.dial('api');
    if (policy === 'allow') assert.equal(String((await once(socket, 'data'))[0]), 'welcome');
    else assert.equal((await once(socket, 'error'))[0].code, 'REFUSED_BY_PEER');
    socket.destroy();
  });

/** The agent takes up to half a minute to sign again after a rotation. */
async function reissued(client: ConsulClient, service: string): Promise<void> {
  let seen = 0;
  await using stop = new AsyncDisposableStack();
  const looking = stop.adopt(new AbortController(), (controller) => controller.abort());
  const options = { signal: looking.signal, runtime: testRuntime(), onError: assert.ifError };
  for await (const _ of watch(client.leaf(service), options)) if (++seen === 2) return;
}
