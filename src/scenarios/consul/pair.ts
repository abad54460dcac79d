/**
 * Two services, `web` that calls `api`, with a sidecar each, on any agent that speaks Consul's API. Each sidecar is ours or the real
 * built-in one, as a process of its own.
 */

import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import tls from 'node:tls';
import { fileURLToPath } from 'node:url';
import { type Closable, Closers } from '../../base/index.ts';
import { findConsul, findFreePorts, type Program, startProgram } from '../../testing/index.ts';

export type Side = 'ours' | 'built-in';

export interface PairOptions {
  /** `127.0.0.1:port` of the agent's HTTP API. */
  readonly agent: string;
  readonly web: Side;
  readonly api: Side;
  /** Tokens of the two sidecars, and of the registrations, where the agent has ACLs. */
  readonly tokens?: { readonly web: string; readonly api: string };
}

export interface LiveConnection {
  /** Asks once more over the same connection. */
  ping(): Promise<void>;
  /** Settles when the connection is gone. */
  readonly closed: Promise<void>;
  destroy(): void;
}

export interface Pair extends Closable {
  /** One request over a new connection: the application's answer. Rejects when none comes. */
  request(): Promise<string>;
  open(): Promise<LiveConnection>;
  readonly publicPorts: { readonly web: number; readonly api: number };
  readonly sidecars: { readonly web: Program; readonly api: Program };
  /** Connections that the application has seen. */
  applicationConnections(): number;
}

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Resolves when a request goes through. */
export async function startPair(options: PairOptions): Promise<Pair> {
  await using starting = new Closers();
  const application = starting.add(await startApplication());
  const [outbound = 0, webPort = 0, apiPort = 0] = await findFreePorts(3);
  const proxy = { Upstreams: [{ DestinationName: 'api', LocalBindPort: outbound }] };
  await register(options, 'api', { Port: application.port }, { Port: apiPort });
  // The built-in proxy dials the application before its handshake: `web` needs one too.
  await register(options, 'web', { Port: application.port }, { Port: webPort, Proxy: proxy });
  const sidecars = {
    api: starting.add(await startSidecar(options, 'api')),
    web: starting.add(await startSidecar(options, 'web')),
  };
  const owned = starting.release();
  const pair: Pair = {
    request: () => request(outbound),
    open: () => openConnection(outbound),
    publicPorts: { web: webPort, api: apiPort },
    sidecars,
    applicationConnections: () => application.connections(),
    close: (closing) => owned.close(closing),
    [Symbol.asyncDispose]: () => owned.close(),
  };
  try {
    await eventually(
      'a first request to pass',
      pair.request,
      () => `${sidecars.web.output()}\n${sidecars.api.output()}`,
    );
  } catch (error) {
    await pair.close();
    throw error;
  }
  return pair;
}

/** A peer that offers no event to wait for is asked again until `attempt` resolves; bounded. */
export async function eventually<T>(
  what: string,
  attempt: () => Promise<T>,
  context: () => string = () => '',
): Promise<T> {
  const deadline = AbortSignal.timeout(45_000);
  for (;;) {
    const outcome = await attempt().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    if ('value' in outcome) return outcome.value;
    if (deadline.aborted) throw new Error(`waited in vain for ${what}\n${context()}`, { cause: outcome.error });
    await sleep(50);
  }
}

async function register(
  { agent, tokens }: PairOptions,
  name: 'web' | 'api',
  service: object,
  sidecar: object,
): Promise<void> {
  // A check of the sidecar's own, passing from the start: the default TCP check would take up to ten seconds.
  const Check = { Name: 'sidecar', TTL: '1h', Status: 'passing' };
  const body = { Name: name, ...service, Connect: { SidecarService: { ...sidecar, Check } } };
  const headers: Record<string, string> = tokens ? { 'X-Consul-Token': tokens[name] } : {};
  const answer = await fetch(`http://${agent}/v1/agent/service/register`, {
    method: 'PUT',
    body: JSON.stringify(body),
    headers,
  });
  if (!answer.ok) throw new Error(`registering ${name}: ${answer.status} ${await answer.text()}`);
}

function startSidecar({ agent, tokens, ...sides }: PairOptions, name: 'web' | 'api'): Promise<Program> {
  const env = { CONSUL_HTTP_ADDR: agent, CONSUL_HTTP_TOKEN: tokens?.[name] };
  const flags = ['-sidecar-for', name];
  return sides[name] === 'ours'
    ? startProgram(process.execPath, [main, 'proxy', ...flags], { env })
    : startProgram(findConsul(), ['connect', 'proxy', ...flags], { env });
}

async function startApplication(): Promise<Closable & { port: number; connections(): number }> {
  let connections = 0;
  const server = http.createServer((_, response) => response.end('hello from api'));
  server.keepAliveTimeout = 120_000;
  server.on('connection', () => {
    connections += 1;
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return {
    port: (server.address() as AddressInfo).port,
    connections: () => connections,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function request(port: number): Promise<string> {
  const asked = http.get({ host: '127.0.0.1', port, agent: false, timeout: 10_000 });
  asked.once('timeout', () => asked.destroy(new Error('no answer within 10 s')));
  const [response] = (await once(asked, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return text;
}

async function openConnection(port: number): Promise<LiveConnection> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined); // `closed` tells
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const connection: LiveConnection = {
    closed,
    destroy: () => socket.destroy(),
    async ping() {
      socket.write('GET / HTTP/1.1\r\nHost: api\r\n\r\n');
      const gone = closed.then((): never => {
        throw new Error('the connection is gone');
      });
      await Promise.race([untilAnswer(socket), gone]);
    },
  };
  await connection.ping();
  return connection;
}

function untilAnswer(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => {
    let text = '';
    const take = (chunk: Buffer): void => {
      text += chunk.toString();
      if (!text.includes('hello from api')) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
}

/** The leaf that an inbound listener presents now. */
async function presentedLeaf(port: number): Promise<X509Certificate> {
  const socket = tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false });
  socket.on('error', () => undefined); // we are refused afterwards: we have no certificate
  try {
    await once(socket, 'secureConnect');
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw new Error('no certificate was presented');
    return certificate;
  } finally {
    socket.destroy();
  }
}

export interface RootsAnswer {
  readonly ActiveRootID: string;
  readonly TrustDomain: string;
  readonly Roots: readonly { readonly ID: string; readonly RootCert: string; readonly Active: boolean }[];
}

async function activeRoot(agent: string): Promise<X509Certificate> {
  const answer = (await (await fetch(`http://${agent}/v1/connect/ca/roots`)).json()) as RootsAnswer;
  const active = answer.Roots.find(({ Active }) => Active);
  if (active === undefined) throw new Error('the agent has no active root');
  return new X509Certificate(active.RootCert);
}

/** Runs `work` with a file for `consul connect ca set-config` that holds a new key: the way to rotate the root. */
async function withNewCaKey<T>(work: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-ca-'));
  try {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const PrivateKey = privateKey.export({ type: 'sec1', format: 'pem' });
    const file = join(folder, 'ca.json');
    await writeFile(
      file,
      JSON.stringify({ Provider: 'consul', Config: { PrivateKey, LeafCertTTL: '72h', RotationPeriod: '2160h' } }),
      { mode: 0o600 },
    );
    return await work(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** New connections without a pause, two at a time, until `until` settles: how many passed, and what failed. */
async function steadyLoad(pair: Pair, until: Promise<unknown>): Promise<{ passed: number; failures: string[] }> {
  let isOver = false;
  const over = until.finally(() => {
    isOver = true;
  });
  let passed = 0;
  const failures: string[] = [];
  const client = async (): Promise<void> => {
    while (!isOver) {
      await pair.request().then(
        () => {
          passed += 1;
        },
        (error: unknown) => failures.push(String(error)),
      );
    }
  };
  await Promise.all([client(), client(), over]);
  return { passed, failures };
}

/** Rotates the root under steady load and resolves once both sidecars present leafs of the new one. */
export async function rotateUnderLoad(
  pair: Pair,
  agent: string,
  setConfig: (file: string) => Promise<unknown>,
): Promise<{ passed: number; failures: string[] }> {
  const before = await activeRoot(agent);
  const rotated = withNewCaKey(setConfig).then(async () => {
    const root = await activeRoot(agent);
    if (root.fingerprint256 === before.fingerprint256) throw new Error('the root did not change');
    for (const port of [pair.publicPorts.web, pair.publicPorts.api]) {
      await eventually('a leaf of the new root', async () => {
        if (!(await presentedLeaf(port)).verify(root.publicKey)) throw new Error('still the old root');
      });
    }
  });
  return steadyLoad(pair, rotated);
}
