/** The agent runs the proxies of its services: ours, and a foreign one that knows only the contract of docs/managed-proxies.md. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type ConsulClient, createClient, watch } from '../api/index.ts';
import { type Service, startService } from '../connect/index.ts';
import { findFreePorts, type OurAgent, startOurAgent, testRuntime } from '../testing/index.ts';

/** A line of the agent's log. */
const started = /"pid":(\d+),.*managed proxy started/;

const page = readFileSync(new URL('../../docs/managed-proxies.md', import.meta.url), 'utf8');

test('our own proxy configures itself from its environment and follows changes', async (t) => {
  const mesh = await openMesh(t);
  await mesh.declare({ Proxy: {} }, await echoServer(t, 'first'));
  await mesh.untilPassing();
  assert.equal(await mesh.greeting(), 'first');

  const [upstreamPort = 0] = await findFreePorts(1);
  const pid = await mesh.pid(1);
  const Upstreams = [{ DestinationName: 'api', LocalBindPort: upstreamPort }];
  await mesh.declare({ Proxy: { Upstreams } }, await echoServer(t, 'second'));
  await mesh.untilGreets('second');
  assert.equal(await greetingOf(upstreamPort), 'second');
  assert.equal(mesh.starts(), 1);
  assert.ok(isAlive(pid));
});

test('a foreign proxy survives its agent, follows its configuration, is restarted, and goes with its service', async (t) => {
  const mesh = await openMesh(t);
  const folder = temporaryFolder(t);
  const file = join(folder, 'proxy.mjs');
  writeFileSync(file, /```js\n([\s\S]+?)```/.exec(page)?.[1] ?? '');
  const foreign = { Command: [process.execPath, file] };

  await mesh.declare({ Proxy: foreign }, await echoServer(t, 'first'));
  await mesh.untilPassing();
  assert.equal(await mesh.greeting(), 'first');
  const first = await mesh.pid(1);

  await mesh.declare({ Proxy: foreign }, await echoServer(t, 'second'));
  await mesh.untilGreets('second');
  assert.equal(mesh.starts(), 1);

  await mesh.agent.kill9();
  assert.ok(isAlive(first));
  await mesh.agent.restart();
  assert.match(await mesh.agent.line(/managed proxy found running/), new RegExp(`"pid":${first},"isKept":true`));
  assert.equal(mesh.starts(), 0);
  await mesh.untilGreets('second');

  process.kill(first, 'SIGKILL');
  const second = await mesh.pid(1);
  assert.notEqual(second, first);
  assert.ok(!isAlive(first));
  await mesh.untilGreets('second');

  await mesh.client.deregisterService('api');
  await mesh.agent.line(/SIGINT",.*managed proxy ended/);
  assert.ok(!isAlive(second));
  const gone = await fetch(`http://${mesh.agent.address}/v1/agent/connect/proxy/api-proxy`);
  assert.equal(gone.status, 404);
});

test('a proxy that always ends is started three times at once, and then after two seconds', async (t) => {
  const mesh = await openMesh(t);
  await mesh.declare({ Proxy: { Command: ['/bin/sh', '-c', 'exit 3'] } }, 9);
  await mesh.agent.line(/"seconds":2,.*waits for its next start/);
  assert.equal(mesh.starts(), 3);
  await mesh.agent.line(/"seconds":4,.*waits for its next start/);
  assert.equal(mesh.starts(), 4);
});

interface Mesh {
  readonly agent: OurAgent;
  readonly client: ConsulClient;
  /** The service `api` with `block`, its application on `port`. */
  declare(block: object, port: number): Promise<void>;
  untilPassing(): Promise<void>;
  /** What the application says first to a caller in the mesh. */
  greeting(): Promise<string>;
  /** A proxy that takes on a change may refuse callers for a moment. */
  untilGreets(wanted: string): Promise<void>;
  /** How often the agent that runs now has started a proxy. */
  starts(): number;
  /** Of the `count`th of these. */
  pid(count: number): Promise<number>;
}

async function openMesh(t: TestContext): Promise<Mesh> {
  const config = join(temporaryFolder(t), 'agent.json');
  const proxy = { allow_managed_api_registration: true, allow_managed_root: true };
  writeFileSync(config, JSON.stringify({ connect: { proxy } }));
  const agent = await startOurAgent(['-config-file', config]);
  const runtime = testRuntime();
  const { address } = agent;
  const client = createClient({ address, runtime });
  const web: Service = await startService({ name: 'web', agent: { address } }, runtime);
  t.after(async () => {
    await client.deregisterService('api').catch(() => undefined);
    await untilGone(agent);
    await web.close();
    await client.close();
    await agent.close();
  });
  const lines = (): string[] =>
    agent
      .output()
      .split('\n')
      .filter((line) => started.test(line));
  const greeting = async (): Promise<string> => {
    const socket = await web.dial('api');
    const [data] = await once(socket, 'data');
    socket.destroy();
    return String(data);
  };
  return {
    agent,
    client,
    declare: (block, port) => client.registerService({ Name: 'api', Port: port, Connect: block }),
    untilPassing: async () => {
      const over = new AbortController();
      const options = { signal: over.signal, runtime, onError: assert.ifError };
      for await (const instances of watch(client.healthConnect('api'), options)) if (instances.length > 0) break;
      over.abort();
    },
    greeting,
    untilGreets: async (wanted) => {
      while ((await greeting().catch(() => '')) !== wanted);
    },
    starts: () => lines().length,
    pid: async (count) => {
      await agent.line(started);
      return Number(started.exec(lines()[count - 1] ?? '')?.[1]);
    },
  };
}

/** A proxy outlives its agent: the test has to see it go. */
async function untilGone(agent: OurAgent): Promise<void> {
  for (const [, pid] of agent.output().matchAll(new RegExp(started, 'g'))) {
    while (isAlive(Number(pid))) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function echoServer(t: TestContext, greeting: string): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => undefined).end(greeting);
  });
  t.after(() => server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function greetingOf(port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  const [data] = await once(socket, 'data');
  socket.destroy();
  return String(data);
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-managed-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // One that has ended may have a parent that does not notice.
    return process.platform !== 'linux' || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
