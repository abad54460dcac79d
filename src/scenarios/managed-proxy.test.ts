/** The agent runs the proxies of its services: ours, and a foreign one that knows only the contract of docs/managed-proxies.md. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type ConsulClient, createClient, watch } from '../api/index.ts';
import { type Service, startService } from '../connect/index.ts';
import { findFreePorts, type OurAgent, startOurAgent, testRuntime } from '../testing/index.ts';

/** A line of the agent's log. */
const started = /"pid":(\d+),.*managed proxy started/;

const ownProxy = [process.execPath, fileURLToPath(new URL('../cli/main.ts', import.meta.url)), 'proxy'];

const page = readFileSync(new URL('../../docs/managed-proxies.md', import.meta.url), 'utf8');

test('our own proxy configures itself from its environment and follows changes', async (t) => {
  const mesh = await openMesh(t);
  const [bindPort = 0, upstreamPort = 0] = await findFreePorts(2);
  await mesh.declare({ Proxy: {} }, await echoServer(t, 'first'));
  await mesh.untilPassing();
  assert.equal(await mesh.greeting(), 'first');
  const pid = await mesh.pid(1);

  const Upstreams = [{ DestinationName: 'api', LocalBindPort: upstreamPort }];
  const second = await echoServer(t, 'second');
  await mesh.declare({ Proxy: { Upstreams } }, second);
  await mesh.untilGreets('second');
  assert.equal(await greetingOf(upstreamPort), 'second');

  await mesh.declare({ Proxy: { Config: { bind_port: bindPort } } }, second);
  await untilOpen(bindPort);
  await untilShut(upstreamPort);
  assert.equal(mesh.starts(), 1);
  assert.ok(isAlive(pid));
});

for (const [spelling, other] of [
  ['CONNECT_PROXY', 'CONSUL_PROXY'],
  ['CONSUL_PROXY', 'CONNECT_PROXY'],
] as const) {
  test(`our own proxy configures itself from ${spelling}_ID and ${spelling}_TOKEN alone`, async (t) => {
    const mesh = await openMesh(t);
    const without = ['-u', `${other}_ID`, '-u', `${other}_TOKEN`];
    await mesh.declare({ Proxy: { Command: ['/usr/bin/env', ...without, ...ownProxy] } }, await echoServer(t, 'hello'));
    await mesh.untilPassing();
    assert.equal(await mesh.greeting(), 'hello');
  });
}

/** One process after the other, whichever program it runs. */
const programs: readonly (readonly [name: string, blockIn: (folder: string) => object])[] = [
  ['our own proxy', () => ({})],
  ['a foreign proxy', foreignProxy],
];

for (const [name, blockIn] of programs) {
  test(`${name} survives its agent, follows its configuration, is restarted, and goes with its service`, async (t) => {
    const mesh = await openMesh(t);
    const block = blockIn(temporaryFolder(t));

    await mesh.declare({ Proxy: block }, await echoServer(t, 'first'));
    await mesh.untilPassing();
    assert.equal(await mesh.greeting(), 'first');
    const first = await mesh.pid(1);

    await mesh.declare({ Proxy: block }, await echoServer(t, 'second'));
    await mesh.untilGreets('second');
    assert.equal(mesh.starts(), 1);

    await mesh.agent.kill9();
    assert.ok(isAlive(first));
    await mesh.agent.restart();
    assert.match(await mesh.agent.line(/managed proxy found running/), new RegExp(`"pid":${first},"isKept":true`));
    assert.equal(mesh.starts(), 0);
    await mesh.untilGreets('second');
    await mesh.declare({ Proxy: block }, await echoServer(t, 'third'));
    await mesh.untilGreets('third');
    assert.equal(mesh.starts(), 0);

    process.kill(first, 'SIGKILL');
    const second = await mesh.pid(1);
    assert.notEqual(second, first);
    assert.ok(!isAlive(first));
    await mesh.untilGreets('third');

    await mesh.client.deregisterService('api');
    await untilDead(second);
    const gone = await fetch(`http://${mesh.agent.address}/v1/agent/connect/proxy/api-proxy`);
    assert.equal(gone.status, 404);
  });
}

test('a proxy of a configuration file follows reloads, and goes with its definition', async (t) => {
  const mesh = await openMesh(t);
  const block = foreignProxy(temporaryFolder(t));
  const define = async (...services: object[]): Promise<void> => {
    mesh.define(services);
    assert.equal((await fetch(`http://${mesh.agent.address}/v1/agent/reload`, { method: 'PUT' })).status, 200);
  };
  await define({ name: 'api', port: await echoServer(t, 'first'), connect: { proxy: lowerCased(block) } });
  await mesh.untilPassing();
  assert.equal(await mesh.greeting(), 'first');
  const first = await mesh.pid(1);

  await define({ name: 'api', port: await echoServer(t, 'second'), connect: { proxy: lowerCased(block) } });
  await mesh.untilGreets('second');
  assert.equal(mesh.starts(), 1);

  await define();
  await mesh.agent.line(/managed proxy ended/);
  await untilDead(first);
  assert.equal(mesh.starts(), 1);
});

test('a command that changed while no agent ran replaces the process that was left', async (t) => {
  const mesh = await openMesh(t);
  const block = foreignProxy(temporaryFolder(t));
  const port = await echoServer(t, 'here');
  mesh.define([{ name: 'api', port, connect: { proxy: lowerCased(block) } }]);
  assert.equal((await fetch(`http://${mesh.agent.address}/v1/agent/reload`, { method: 'PUT' })).status, 200);
  const first = await mesh.pid(1);
  await mesh.agent.kill9();
  assert.ok(isAlive(first));
  const { command } = lowerCased(block);
  mesh.define([{ name: 'api', port, connect: { proxy: { command: [...command, '-changed'] } } }]);
  await mesh.agent.restart();
  assert.match(await mesh.agent.line(/managed proxy found running/), new RegExp(`"pid":${first},"isKept":false`));
  await mesh.pid(1);
  assert.ok(!isAlive(first));
  await mesh.untilPassing();
  await mesh.untilGreets('here');
});

test('a proxy that always ends is started three times at once, and then after two seconds', async (t) => {
  const mesh = await openMesh(t);
  await mesh.declare({ Proxy: { Command: ['/bin/sh', '-c', 'exit 3'] } }, 9);
  await mesh.agent.line(/"seconds":2,.*waits for its next start/);
  assert.equal(mesh.starts(), 3);
  await mesh.agent.line(/"seconds":4,.*waits for its next start/);
  assert.equal(mesh.starts(), 4);
});

/** The program of the page, in `folder`. */
function foreignProxy(folder: string): { readonly Command: readonly string[] } {
  const file = join(folder, 'proxy.mjs');
  writeFileSync(file, /```js\n([\s\S]+?)```/.exec(page)?.[1] ?? '');
  return { Command: [process.execPath, file] };
}

/** As configuration files have it. */
function lowerCased({ Command: command }: { readonly Command: readonly string[] }): {
  readonly command: readonly string[];
} {
  return { command };
}

interface Mesh {
  readonly agent: OurAgent;
  readonly client: ConsulClient;
  /** The service `api` with `block`, its application on `port`. */
  declare(block: object, port: number): Promise<void>;
  /** Writes `services` into the agent's configuration file. */
  define(services: readonly object[]): void;
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
  const define = (services: readonly object[]): void =>
    writeFileSync(config, JSON.stringify({ connect: { proxy }, services }));
  define([]);
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
    define,
    declare: (block, port) => client.registerService({ Name: 'api', Port: port, Connect: block }),
    untilPassing: async () => {
      const over = new AbortController();
      const options = { signal: over.signal, runtime, onError: assert.ifError };
      for await (const instances of watch(client.healthConnect('api'), options)) if (instances.length > 0) break;
      over.abort();
    },
    greeting,
    untilGreets: async (wanted) => {
      while ((await greeting().catch(() => '')) !== wanted) await new Promise((resolve) => setImmediate(resolve));
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
    await untilDead(Number(pid));
  }
}

async function untilDead(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setImmediate(resolve));
}

/** A port is opened and shut by another process: there is no event to wait for. */
async function untilOpen(port: number): Promise<void> {
  while (!(await isOpen(port)));
}

async function untilShut(port: number): Promise<void> {
  while (await isOpen(port));
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy());
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
