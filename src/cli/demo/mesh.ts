/** The demo's mesh: an agent, two applications and their sidecars, all on this machine, in a folder that goes away with it. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConsulClient, createClient } from '../../api/index.ts';
import { type Closable, Closers, type Runtime } from '../../base/index.ts';
import { type Applications, startApplications } from './applications.ts';
import { type Child, startChild } from './child.ts';
import { httpGet } from './http-get.ts';
import { findPorts } from './ports.ts';
import { waitFor } from './wait.ts';

/** Milliseconds in which a process must be ready. */
const bound = 20_000;

export type Ports = Readonly<Record<PortName, number>>;

type PortName =
  | 'agent'
  | 'web'
  | 'api'
  /** Where the sidecar of `web` listens for what goes to `api`. */
  | 'webToApi'
  /** The same for `batch`, which is refused. */
  | 'batchToApi'
  /** Where sidecars take connections from other sidecars. */
  | 'webSidecar'
  | 'apiSidecar'
  | 'webAdmin'
  | 'apiAdmin'
  | 'batchAdmin';

const usualPorts: Ports = {
  agent: 8500,
  web: 8080,
  api: 9090,
  webToApi: 9191,
  batchToApi: 9292,
  webSidecar: 21_000,
  apiSidecar: 21_001,
  webAdmin: 19_000,
  apiAdmin: 19_001,
  batchAdmin: 19_002,
};

export interface DemoMesh extends Closable {
  readonly ports: Ports;
  readonly folder: string;
  readonly client: ConsulClient;
  readonly applications: Applications;
  readonly children: Readonly<Record<ChildName, Child>>;
  /** Of the intention web → api. */
  readonly intentionId: string;
  /** Starts a process again that has ended, and waits until it is ready. */
  restart(name: ChildName): Promise<void>;
}

export type ChildName = 'agent' | 'apiSidecar' | 'webSidecar' | 'batchProxy';

export interface DemoMeshOptions {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Milliseconds, with fractions. */
  readonly now: () => number;
  /** Told of each step, with the milliseconds that it took. */
  readonly onStep: (what: string, took: number) => void;
}

export async function startDemoMesh(options: DemoMeshOptions): Promise<DemoMesh> {
  const { runtime, signal, now, onStep } = options;
  await using starting = new Closers();
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-demo-'));
  starting.add(closing(() => rm(folder, { recursive: true, force: true })));
  const ports = await findPorts(usualPorts);
  const client = starting.add(createClient({ address: `127.0.0.1:${ports.agent}`, runtime }));

  const plans = processPlans(ports, folder, client);
  const launch = async (name: ChildName): Promise<Child> => {
    const { title, args, isReady } = plans[name];
    const child = await startChild({ title, args, logFile: join(folder, `${name}.log`) });
    const complaint = `${title} is not ready`;
    try {
      await waitFor(isReady, { complaint, bound, child, clock: runtime.clock, signal });
      return child;
    } catch (error) {
      await child.close({ signal: AbortSignal.abort() });
      throw error;
    }
  };
  const children: Partial<Record<ChildName, Child>> = {};
  const start = async (name: ChildName): Promise<void> => {
    children[name] = await launch(name);
  };
  // The sidecars drain while the agent still answers.
  starting.add(closing((drain) => closeAll([children.agent], drain)));
  starting.add(closing((drain) => closeAll([children.batchProxy, children.webSidecar, children.apiSidecar], drain)));
  const step = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const began = now();
    const result = await work();
    onStep(what, now() - began);
    return result;
  };

  await step(`agent on 127.0.0.1:${ports.agent}, default policy deny`, () => start('agent'));
  const applications = starting.add(
    await step(`applications web on :${ports.web} and api on :${ports.api}`, () =>
      startApplications({ web: ports.web, api: ports.api, upstream: ports.webToApi }, now),
    ),
  );
  const intentionId = await step('both registered, and one intention: web → api, allow', async () => {
    await client.registerService(webDefinition(ports), signal);
    await client.registerService(apiDefinition(ports), signal);
    return await allow(client, signal);
  });
  // In this order, so that the others find it from the start.
  await step('a sidecar for api, which the agent finds healthy', async () => {
    await start('apiSidecar');
    await apiIsHealthy(client, children.apiSidecar, options);
  });
  await step('a sidecar for web, and one for batch', () => Promise.all([start('webSidecar'), start('batchProxy')]));

  const owned = starting.release();
  return {
    ports,
    folder,
    client,
    applications,
    children: children as Record<ChildName, Child>,
    intentionId,
    restart: start,
    close: (closeOptions) => owned.close(closeOptions),
    [Symbol.asyncDispose]: () => owned.close(),
  };
}

interface ProcessPlan {
  readonly title: string;
  readonly args: readonly string[];
  readonly isReady: () => Promise<true | undefined>;
}

function processPlans(ports: Ports, folder: string, client: ConsulClient): Readonly<Record<ChildName, ProcessPlan>> {
  const isReady = (port: number) => async (): Promise<true | undefined> => {
    const outcome = await httpGet(port, '/ready', AbortSignal.timeout(2_000));
    return outcome.kind === 'answer' && outcome.status === 200 ? true : undefined;
  };
  const proxy = (title: string, admin: number, args: readonly string[]): ProcessPlan => ({
    title,
    args: [
      'proxy',
      ...args,
      '-http-addr',
      client.address,
      '-admin-addr',
      `127.0.0.1:${admin}`,
      '-drain-timeout=2s',
      '-log-json=false',
    ],
    isReady: isReady(admin),
  });
  return {
    agent: {
      title: 'the agent',
      args: [
        ...['agent', '-data-dir', join(folder, 'data'), '-http-port', String(ports.agent), '-node', 'demo'],
        ...['-default-intention-policy', 'deny', '-log-json=false'],
      ],
      isReady: async () => ((await client.roots(0, AbortSignal.timeout(2_000))) ? true : undefined),
    },
    webSidecar: proxy('the sidecar of web', ports.webAdmin, ['-sidecar-for', 'web']),
    apiSidecar: proxy('the sidecar of api', ports.apiAdmin, ['-sidecar-for', 'api']),
    batchProxy: proxy('the proxy of batch', ports.batchAdmin, [
      '-service',
      'batch',
      '-upstream',
      `api:127.0.0.1:${ports.batchToApi}`,
    ]),
  };
}

function webDefinition(ports: Ports): object {
  const upstream = { DestinationName: 'api', LocalBindPort: ports.webToApi };
  return definition('web', ports.web, ports.webSidecar, [upstream]);
}

function apiDefinition(ports: Ports): object {
  return definition('api', ports.api, ports.apiSidecar, []);
}

function definition(name: string, port: number, sidecarPort: number, upstreams: readonly object[]): object {
  const check = { Name: 'sidecar listens', TCP: `127.0.0.1:${sidecarPort}`, Interval: '1s' };
  const sidecar = { Address: '127.0.0.1', Port: sidecarPort, Checks: [check], Proxy: { Upstreams: upstreams } };
  return { Name: name, Address: '127.0.0.1', Port: port, Connect: { SidecarService: sidecar } };
}

async function allow(client: ConsulClient, signal: AbortSignal): Promise<string> {
  const body = { SourceName: 'web', DestinationName: 'api', SourceType: 'consul', Action: 'allow' };
  const answer = await client.call('POST', '/v1/connect/intentions', { body, signal });
  return (answer.json() as { readonly ID: string }).ID;
}

async function apiIsHealthy(client: ConsulClient, child: Child | undefined, options: DemoMeshOptions): Promise<void> {
  if (!child) return;
  const attempt = async (): Promise<true | undefined> => {
    const { value } = await client.healthConnect('api')(0, options.signal);
    return value.length > 0 ? true : undefined;
  };
  const { signal, runtime } = options;
  await waitFor(attempt, { complaint: 'no healthy sidecar of api', bound, child, clock: runtime.clock, signal });
}

async function closeAll(children: readonly (Child | undefined)[], drain: { signal?: AbortSignal }): Promise<void> {
  await Promise.all(children.map((child) => child?.close(drain)));
}

function closing(close: (options: { signal?: AbortSignal }) => Promise<void>): Closable {
  return { close: (options = {}) => close(options), [Symbol.asyncDispose]: () => close({}) };
}
