import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Closable } from '../../base/index.ts';
import { testRuntime } from '../../testing/test-runtime.ts';
import { registerDefinitions } from '../definitions.ts';
import { memoryStorage } from '../persist/storage.ts';
import { ManagedProxies } from '../registry/managed-proxies.ts';
import { Store } from '../state/store.ts';
import { identityOf, parseStatus } from './process-identity.ts';
import { usualPolicy } from './supervision.ts';
import { startSupervisor } from './supervisor.ts';

test('a proxy finds who it is and where the agent is, under the names of the documentation and of the code', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise({ environment: { PATH: '/bin', CONSUL_HTTP_TOKEN: 'of-the-agent' } });
  await desk.declare(desk.reporter());
  const { env } = await desk.report();
  const token = desk.token();
  assert.deepEqual(env, {
    CONNECT_PROXY_ID: 'api-proxy',
    CONNECT_PROXY_TOKEN: token,
    CONSUL_CACERT: '',
    CONSUL_CAPATH: '',
    CONSUL_CLIENT_CERT: '',
    CONSUL_CLIENT_KEY: '',
    CONSUL_HTTP_ADDR: '127.0.0.1:8500',
    CONSUL_HTTP_AUTH: '',
    CONSUL_HTTP_SSL: 'false',
    CONSUL_HTTP_SSL_VERIFY: 'false',
    CONSUL_HTTP_TOKEN: 'of-the-agent',
    CONSUL_PROXY_ID: 'api-proxy',
    CONSUL_PROXY_TOKEN: token,
    CONSUL_TLS_SERVER_NAME: '',
    PATH: '/bin',
  });
});

test('a proxy leads a session of its own, and what it prints is appended to files for this user alone', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  await desk.declare(desk.reporter());
  const { pid } = await desk.report();
  if (process.platform === 'linux') {
    assert.equal(parseStatus(readFileSync(`/proc/${pid}/stat`, 'utf8')).session, pid);
  }
  const logs = join(desk.dataDir, 'proxy', 'logs');
  assert.equal(statSync(logs).mode & 0o777, 0o700);
  const out = join(logs, 'api-proxy-stdout.log');
  assert.equal(statSync(out).mode & 0o777, 0o600);
  assert.equal(readFileSync(out, 'utf8'), 'started\n');
});

test('one that was killed is started again', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  await desk.declare(desk.reporter());
  const first = await desk.report();
  process.kill(first.pid, 'SIGKILL');
  const second = await desk.report();
  assert.notEqual(second.pid, first.pid);
  assert.equal(second.env['CONNECT_PROXY_TOKEN'], first.env['CONNECT_PROXY_TOKEN']);
});

test('one that was killed is not started again when its service has gone meanwhile', async (t) => {
  const desk = await openDesk(t);
  const refused = Promise.withResolvers<object>();
  const log = {
    ...testRuntime().log,
    info: (message: string) => void (message === 'managed proxy ended' && desk.declare(undefined)),
    error: (_: string, fields: object = {}) => refused.resolve(fields),
  };
  await using _supervisor = desk.supervise({ log });
  await desk.declare(desk.reporter());
  const first = await desk.report();
  process.kill(first.pid, 'SIGKILL');
  const error = 'it is not declared so any more';
  assert.deepEqual(await refused.promise, { proxy: 'api-proxy', command: process.execPath, error });
});

test('another command replaces the process, another configuration does not', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  await desk.declare(desk.reporter());
  const first = await desk.report();
  await desk.declare(desk.reporter(), { handshake_timeout_ms: 1 });
  await desk.declare(desk.reporter('-x'), { handshake_timeout_ms: 2 });
  const second = await desk.report();
  await first.ended;
  assert.deepEqual(second.args, ['-x']);
});

test('a proxy goes when its service does; one that does not listen is killed', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise({ policy: { ...usualPolicy, stopTime: 50 } });
  await desk.declare(desk.reporter('stubborn'));
  const stubborn = await desk.report();
  await desk.declare(undefined);
  await stubborn.ended;
  await desk.isForgotten();
});

test('what a proxy has started itself ends with it', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  await desk.declare(['/bin/sh', '-c', '"$@" & wait', 'sh', ...desk.reporter()]);
  const inner = await desk.report();
  await desk.declare(undefined);
  await inner.ended;
});

test('a proxy survives its agent, and the next one keeps it', async (t) => {
  const desk = await openDesk(t);
  const agent = desk.supervise();
  await desk.declare(desk.reporter());
  const first = await desk.report();
  await agent.close();
  assert.ok(isAlive(first.pid));

  const said: object[] = [];
  const log = {
    ...testRuntime().log,
    info: (message: string, fields: object = {}) => void said.push({ message, ...fields }),
  };
  const next = desk.supervise({ environment: { SHLVL: '7' }, log });
  assert.deepEqual(said, [
    { message: 'managed proxy found running', proxy: 'api-proxy', pid: first.pid, isKept: true },
  ]);
  await desk.declare(undefined);
  await first.ended;
  await next.close();
});

test('the next agent replaces a proxy that it would have started otherwise', async (t) => {
  const desk = await openDesk(t);
  await desk.declare(desk.reporter());
  const agent = desk.supervise();
  const first = await desk.report();
  await agent.close();
  await using _next = desk.supervise({ environment: { LANG: 'C' } });
  const second = await desk.report();
  await first.ended;
  assert.equal(second.env['LANG'], 'C');
});

test('a proxy whose service has gone while no agent ran is stopped by the next one', async (t) => {
  const desk = await openDesk(t);
  await desk.declare(desk.reporter());
  const agent = desk.supervise();
  const first = await desk.report();
  await agent.close();
  await desk.declare(undefined);
  await using _next = desk.supervise();
  await first.ended;
});

test('a proxy that the agent had no time to note is found all the same', {
  skip: process.platform !== 'linux',
}, async (t) => {
  const desk = await openDesk(t);
  await desk.declare(desk.reporter());
  const agent = desk.supervise();
  const first = await desk.report();
  await agent.close();
  await desk.store.write((tx) => tx.delete('proxyProcesses', 'api-proxy'));
  await using _next = desk.supervise();
  const second = await desk.report();
  await first.ended;
  assert.notEqual(second.pid, first.pid);
});

for (const when of ['while the next agent runs', 'while no agent runs'] as const) {
  test(`what a proxy leaves behind that dies ${when} is killed before the proxy is started again`, {
    skip: process.platform !== 'linux',
  }, async (t) => {
    const desk = await openDesk(t);
    await desk.declare(['/bin/sh', '-c', '"$@" & wait', 'sh', ...desk.reporter('stubborn')]);
    const agent = desk.supervise();
    const left = await desk.report();
    const leader = parseStatus(readFileSync(`/proc/${left.pid}/stat`, 'utf8')).group;
    await agent.close();
    await using _next = when === 'while no agent runs' ? undefined : desk.supervise();
    process.kill(leader, 'SIGKILL');
    while (identityOf(leader) !== undefined) await new Promise((resolve) => setImmediate(resolve));
    await using _later = when === 'while no agent runs' ? desk.supervise() : undefined;
    await left.ended;
    const second = await desk.report();
    assert.notEqual(second.pid, left.pid);
    await desk.declare(undefined);
    await second.ended;
  });
}

test('a process that has got the ID of a former proxy is left alone', async (t) => {
  const desk = await openDesk(t);
  await desk.store.write((tx) =>
    tx.put('proxyProcesses', 'api-proxy', {
      proxyId: 'api-proxy',
      pid: process.pid,
      identity: 'of a process before',
      startedAt: 0,
      launch: '',
    }),
  );
  await using _supervisor = desk.supervise();
  await desk.isForgotten(); // and this process goes on
});

test('without a data directory no proxy outlives the agent', async (t) => {
  const desk = await openDesk(t);
  const agent = desk.supervise({ dataDir: undefined });
  await desk.declare(desk.reporter());
  const first = await desk.report();
  await agent.close();
  await first.ended;
});

test('as root nothing is started unless that is allowed, and the reason is told', async (t) => {
  const desk = await openDesk(t);
  await desk.declare(desk.reporter());
  await desk.supervise({ isRefusedAsRoot: true }).close();
  assert.match(desk.reasons.get('api-proxy') ?? '', /runs as root .*allow_managed_root/);
  assert.equal(desk.store.table('proxyProcesses').size, 0);
});

test('scripts are kept and not run, and the reason is told', async (t) => {
  const desk = await openDesk(t);
  await desk.declare(desk.reporter(), {}, 'script');
  await desk.supervise().close();
  assert.match(desk.reasons.get('api-proxy') ?? '', /"script" are kept, but not run/);
});

test('a proxy that is stopped because its mode is not run tells that, and not how it ended', async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  await desk.declare(desk.reporter());
  const running = await desk.report();
  await desk.declare(desk.reporter(), {}, 'script');
  await running.ended;
  await desk.isForgotten();
  assert.match(desk.reasons.get('api-proxy') ?? '', /"script" are kept, but not run/);
});

test('what was left under the name of a log is made private, and a link is not followed', async (t) => {
  const desk = await openDesk(t);
  const logs = join(desk.dataDir, 'proxy', 'logs');
  mkdirSync(logs, { recursive: true });
  const out = join(logs, 'api-proxy-stdout.log');
  writeFileSync(out, 'before\n', { mode: 0o644 });
  const victim = join(desk.dataDir, 'victim');
  symlinkSync(victim, join(logs, 'api-proxy-stderr.log'));
  const waits = Promise.withResolvers<void>();
  const log = { ...testRuntime().log, warn: () => waits.resolve() };
  await desk.declare(desk.reporter());
  await using _supervisor = desk.supervise({ log });
  await waits.promise;
  assert.match(desk.reasons.get('api-proxy') ?? '', /ELOOP/);
  assert.ok(!existsSync(victim));
  assert.equal(statSync(out).mode & 0o777, 0o600);
});

test('a proxy inherits nothing that the agent has open', { skip: process.platform !== 'linux' }, async (t) => {
  const desk = await openDesk(t);
  await using _supervisor = desk.supervise();
  const held = openSync(join(desk.dataDir, 'held'), 'w');
  t.after(() => closeSync(held));
  await desk.declare(desk.reporter());
  const { pid } = await desk.report();
  const open = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  const files = open.filter((path) => path.startsWith(desk.dataDir)).sort();
  const logs = join(desk.dataDir, 'proxy', 'logs');
  assert.deepEqual(files, [join(logs, 'api-proxy-stderr.log'), join(logs, 'api-proxy-stdout.log')]);
  const own = new Set(readdirSync('/proc/self/fd').map((fd) => linkOf(`/proc/self/fd/${fd}`)));
  assert.deepEqual(
    open.filter((path) => path.startsWith('socket:') && own.has(path)),
    [],
  );
});

test('a command that is not there is tried again and again, and the reason is told', async (t) => {
  const desk = await openDesk(t);
  const attempts: object[] = [];
  const log = testRuntime().log;
  const counting = { ...log, error: (_: string, fields: object = {}) => void attempts.push(fields) };
  const waits = Promise.withResolvers<object>();
  const telling = { ...counting, warn: (_: string, fields: object = {}) => waits.resolve(fields) };
  await desk.declare(['no-such-proxy']);
  await using _supervisor = desk.supervise({ log: telling });
  assert.deepEqual(await waits.promise, { proxy: 'api-proxy', seconds: 2 });
  assert.equal(attempts.length, 3);
  assert.match(desk.reasons.get('api-proxy') ?? '', /can't be started: .*no-such-proxy ENOENT/);
});

interface Report {
  readonly pid: number;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the process is gone. */
  readonly ended: Promise<unknown>;
}

/** A store with one service `api`, and proxies that tell about themselves. */
interface Desk {
  readonly store: Store;
  readonly dataDir: string;
  readonly reasons: Map<string, string>;
  /** A proxy that says here who it is, and ends at SIGINT unless it is called stubborn. */
  reporter(...args: string[]): string[];
  /** The service with this proxy, or no service. */
  declare(command: readonly string[] | undefined, config?: object, execMode?: string): Promise<void>;
  supervise(options?: {
    readonly environment?: Readonly<Record<string, string>>;
    readonly isRefusedAsRoot?: boolean;
    readonly dataDir?: undefined;
    readonly policy?: typeof usualPolicy;
    readonly log?: ReturnType<typeof testRuntime>['log'];
  }): Closable;
  /** The next one. */
  report(): Promise<Report>;
  token(): string;
  /** Resolves when no process is noted any more. */
  isForgotten(): Promise<void>;
}

const program = `
  process.on('SIGINT', () => process.argv.includes('stubborn') || process.exit(0));
  console.log('started');
  const { env, pid, argv } = process;
  require('node:net').connect(argv[1]).write(JSON.stringify({ env, pid, args: argv.slice(2) }));
`;

async function openDesk(t: TestContext): Promise<Desk> {
  const dataDir = mkdtempSync(join(tmpdir(), 'fairlead-supervisor-'));
  const socketPath = join(dataDir, 'reports');
  const reports = await listen(socketPath);
  const sockets = new Set<Socket>();
  const pids: number[] = [];
  const store = new Store(memoryStorage());
  const reasons = new Map<string, string>();
  t.after(() => {
    for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    for (const socket of sockets) socket.destroy();
    reports.server.close();
    store.close();
    rmSync(dataDir, { recursive: true, force: true });
  });
  const bindAddress = '127.0.0.1';
  const proxies = new ManagedProxies(store, 'node', {
    execMode: 'daemon',
    daemonCommand: [],
    scriptCommand: [],
    config: {},
    bindAddress,
  });
  return {
    store,
    dataDir,
    reasons,
    reporter: (...args) => [process.execPath, '-e', program, socketPath, ...args],
    declare: async (command, config = {}, execMode = 'daemon') => {
      const proxy = { Command: command, Config: config, ExecMode: execMode };
      const services = command === undefined ? [] : [{ Name: 'api', Port: 9_000, Connect: { Proxy: proxy } }];
      await registerDefinitions(
        store,
        { services, checks: [] },
        {
          nodeName: 'node',
          now: 0,
          sidecarPorts: { min: 0, max: 0 },
          managedProxies: {
            ports: { min: 20_000, max: 20_255 },
            defaultConfig: {},
            random: () => 0,
            newToken: () => `token-of-${dataDir}`,
          },
        },
      );
    },
    supervise: ({ environment = {}, isRefusedAsRoot = false, log, ...options } = {}) =>
      startSupervisor({
        store,
        runtime: testRuntime(log ? { log } : {}),
        proxies,
        surroundings: { agentAddress: '127.0.0.1:8500', environment, isRefusedAsRoot },
        dataDir,
        reasons,
        ...options,
      }),
    report: async () => {
      const socket = await reports.next();
      sockets.add(socket);
      const ended = once(socket, 'close');
      const [data] = (await once(socket, 'data')) as [Buffer];
      socket.resume();
      const report = JSON.parse(data.toString());
      pids.push(report.pid);
      return { ...report, ended };
    },
    token: () => proxies.byId('api-proxy')?.token ?? '',
    isForgotten: async () => {
      while (store.table('proxyProcesses').size > 0) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

/** The descriptor that reads the folder is gone by the time it is looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}

async function listen(path: string): Promise<{ readonly server: Server; readonly next: () => Promise<Socket> }> {
  const arrived: Socket[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    arrived.push(socket);
    server.emit('arrival');
  });
  await once(server.listen(path), 'listening');
  const next = async (): Promise<Socket> => {
    for (;;) {
      const socket = arrived.shift();
      if (socket !== undefined) return socket;
      await once(server, 'arrival');
    }
  };
  return { server, next };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
