/**
 * Traffic recorded on a real agent of 1.3.1, sent again to ours: how managed proxies are declared, read, waited for and taken away.
 * Each accepted difference is listed here and, with its reason, in docs/compatibility.md.
 */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type AgentOptions, startAgent } from '../agent/index.ts';
import { testRuntime } from '../testing/index.ts';
import { type Accepted, unexpected, unexplained } from './replay/accepted.ts';
import { ask } from './replay/http.ts';
import { replay } from './replay/replay.ts';
import { readExchanges } from './replay/transcript.ts';

const acceptedHeader: Accepted = {
  id: 'form-of-1.10',
  exchanges: 'all',
  place: /^header x-consul-default-acl-policy$/,
};

const accepted: readonly Accepted[] = [
  { id: 'denials-say-why', exchanges: [161], place: /^body$/ },
  acceptedHeader,
  {
    id: 'form-of-1.10',
    exchanges: [171],
    place:
      /TaggedAddresses\.\w+_ipv4$|Service\.ProxyDestination$|Proxy\.(?:Mode|MeshGateway|Expose)$|(?:Type|ExposedPort)$/,
  },
];

const skipped = new Map([[151, 'compared below: the recorded agent had other services too']]);

const asRecorded: AgentOptions = {
  dev: true,
  http: [{ host: '127.0.0.1', port: 0 }],
  nodeName: 'node131',
  managedProxies: {
    allowApiRegistration: true,
    allowRoot: true,
    ownCommand: ['/opt/consul/1.3.1/consul', 'connect', 'proxy', '-log-level', 'DEBUG'],
  },
  definitions: {
    services: [
      {
        Name: 'mcfg',
        Port: 9100,
        Connect: {
          Proxy: {
            Command: ['/opt/my-proxy/run.sh'],
            Config: { foo: 'bar', upstreams: [{ destination_name: 'db', local_bind_port: 9191 }] },
          },
        },
      },
    ],
  },
};

test('recorded traffic of 1.3.1 about managed proxies is answered as recorded', async (t) => {
  await using agent = await startAgent(asRecorded, testRuntime());
  const { port } = agent.address;
  const token = await tokenOfProxy(t, port);
  const exchanges = readExchanges('v1.3.1', 150, 173);
  const ports = new Map<string, string>();
  const learnPort = (recorded: string, proxy: string) => async (): Promise<void> => {
    const { body } = await ask(port, 'GET', `/v1/agent/connect/proxy/${proxy}`, {}, '');
    ports.set(recorded, String(JSON.parse(body).Config.bind_port));
  };

  const outcomes = await replay(exchanges, {
    port,
    skipped,
    ports,
    ids: new Map([['3ce61b6b-ed02-dd57-ccca-a6842adfeea5', token]]),
    before: new Map([
      [152, learnPort('20128', 'mapi-1-proxy')],
      [160, async () => void (await ask(port, 'GET', '/v1/agent/connect/ca/leaf/mapi', {}, ''))],
      [164, learnPort('20159', 'mcfg-proxy')],
      [168, learnPort('20207', 'scr-proxy')],
      [170, learnPort('20176', 'defcmd-proxy')],
    ]),
    during: new Map([[156, () => register(port, mapi({ handshake_timeout_ms: 3500 }))]]),
  });

  assert.deepEqual(unexpected(outcomes, accepted), []);
  assert.equal(outcomes.length + skipped.size, exchanges.length);
});

test('services show their managed proxies as recorded', async () => {
  await using agent = await startAgent(asRecorded, testRuntime());
  const { port } = agent.address;
  await register(port, mapi({ handshake_timeout_ms: 3000 }));
  const [recorded] = readExchanges('v1.3.1', 151, 151);
  const theirs = JSON.parse(recorded?.response.body ?? '{}');
  const ours = JSON.parse((await ask(port, 'GET', '/v1/agent/services', {}, '')).body);
  for (const id of ['mapi-1', 'mcfg']) {
    assert.deepEqual(ours[id].Connect, theirs[id].Connect);
    const [proxy, wanted] = [ours[`${id}-proxy`], theirs[`${id}-proxy`]];
    for (const key of ['Kind', 'Service', 'ProxyDestination']) assert.equal(proxy[key], wanted[key]);
    assert.equal(proxy.Proxy.DestinationServiceName, wanted.Proxy.DestinationServiceName);
    assert.equal(proxy.Proxy.LocalServicePort, wanted.Proxy.LocalServicePort);
    assert.ok(proxy.Port >= 20_000 && proxy.Port <= 20_255);
  }
});

test('an agent that was told not to takes no managed proxy over the API, nor the service that has it', async () => {
  const managedProxies = { allowApiRegistration: false };
  await using agent = await startAgent(
    { dev: true, http: [{ host: '127.0.0.1', port: 0 }], managedProxies },
    testRuntime(),
  );
  const outcomes = await replay(readExchanges('v1.3.1', 361, 361), {
    port: agent.address.port,
    skipped: new Map(),
    ports: new Map(),
  });
  assert.deepEqual(unexpected(outcomes, [acceptedHeader]), []);
  assert.equal((await ask(agent.address.port, 'GET', '/v1/agent/services', {}, '')).body, '{}');
});

test('a service that is registered again without its proxy keeps it, the same process and the same configuration', async (t) => {
  await using agent = await startAgent(asRecorded, testRuntime());
  const { port } = agent.address;
  const program = 'require("net").connect(process.argv[1]).write(String(process.pid))';
  const { command, connected } = await awaitProxy(t, program);
  await register(port, mapi({}, command));
  const proxy = await connected;
  const [pid] = (await once(proxy, 'data')) as [Buffer];
  const before = await ask(port, 'GET', '/v1/agent/connect/proxy/mapi-1-proxy', {}, '');
  const { ContentHash } = JSON.parse(before.body);

  await register(port, { ID: 'mapi-1', Name: 'mapi', Port: 9200 });

  // The wait is longer than the agent takes to stop what is not declared any more.
  const target = `/v1/agent/connect/proxy/mapi-1-proxy?hash=${ContentHash}&wait=2s`;
  assert.equal((await ask(port, 'GET', target, {}, '')).body, before.body);
  assert.doesNotThrow(() => process.kill(Number(pid), 0));
});

test('a waiting proxy hears of its service’s new port', async () => {
  await using agent = await startAgent(asRecorded, testRuntime());
  const { port } = agent.address;
  await register(port, mapi({}));
  const before = JSON.parse((await ask(port, 'GET', '/v1/agent/connect/proxy/mapi-1-proxy', {}, '')).body);
  assert.equal(before.Config.local_service_address, '127.0.0.1:9200');
  const target = `/v1/agent/connect/proxy/mapi-1-proxy?hash=${before.ContentHash}&wait=60s`;
  const waiting = ask(port, 'GET', target, {}, '');
  await register(port, { ...mapi({}), Port: 9201 });
  const after = JSON.parse((await waiting).body);
  assert.equal(after.Config.local_service_address, '127.0.0.1:9201');
  assert.notEqual(after.ContentHash, before.ContentHash);
});

test('nobody registers a service over a managed proxy', async () => {
  await using agent = await startAgent(asRecorded, testRuntime());
  const { port } = agent.address;
  const body = JSON.stringify({ ID: 'mcfg-proxy', Name: 'other', Port: 1 });
  const answer = await ask(port, 'PUT', '/v1/agent/service/register', {}, body);
  assert.equal(answer.status, 400);
  assert.match(answer.body, /that of the managed proxy of service "mcfg"/);
});

test('every accepted difference has its reason in docs/compatibility.md', () => {
  assert.deepEqual(unexplained(accepted), []);
});

/** As exchange 150 registers it. */
function mapi(config: object, command: readonly string[] = ['/opt/my-proxy/run.sh', '-x']): object {
  const upstreams = [{ DestinationName: 'db', LocalBindPort: 9193 }];
  const proxy = { Command: command, Config: config, Upstreams: upstreams };
  return { ID: 'mapi-1', Name: 'mapi', Port: 9200, Connect: { Proxy: proxy } };
}

async function register(port: number, service: object): Promise<void> {
  const answer = await ask(port, 'PUT', '/v1/agent/service/register', {}, JSON.stringify(service));
  assert.equal(answer.status, 200, answer.body);
}

/** No answer shows it: what knows it is the proxy's process, and it stays the same when the service is registered again. */
async function tokenOfProxy(t: TestContext, port: number): Promise<string> {
  const program = 'require("net").connect(process.argv[1]).end(process.env.CONNECT_PROXY_TOKEN)';
  const { command, connected } = await awaitProxy(t, program);
  await register(port, mapi({}, command));
  return await text(await connected);
}

/** A command that runs `program` in Node, with a socket for it to connect to as its argument. */
async function awaitProxy(
  t: TestContext,
  program: string,
): Promise<{ readonly command: readonly string[]; readonly connected: Promise<Socket> }> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-proxy-'));
  const server = createServer();
  t.after(() => {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const path = join(folder, 'socket');
  await once(server.listen(path), 'listening');
  const connected = once(server, 'connection').then(([socket]: Socket[]) => socket as Socket);
  return { command: [process.execPath, '-e', program, path], connected };
}
