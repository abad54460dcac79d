/** A whole mesh in one process, for tests: an agent without a port, a clock that stands still, and services that are ready. */

import { type Agent, type AgentOptions, startAgent } from '../agent/index.ts';
import {
  type Closable,
  type CloseOptions,
  Closers,
  InputError,
  type Log,
  noMetrics,
  type Runtime,
  silentLog,
  systemClock,
} from '../base/index.ts';
import { ConnectError, type Service } from '../connect/index.ts';
import { type FakeClock, fakeClock } from './fake-clock.ts';
import { type IntentionText, parseIntention } from './intention-text.ts';
import { type Member, startMember } from './member.ts';
import { Places } from './places.ts';

export interface MeshOptions<Name extends string = string> {
  /** Their names. */
  readonly services: readonly Name[];
  /** Each as `web → api: allow`; `->` and `=>` do as well, and `*` stands for every service. */
  readonly intentions?: readonly string[];
  /** What applies where no intention matches. Default: deny. */
  readonly defaultIntentionPolicy?: 'allow' | 'deny';
  /** More for the agent, such as `http: [{ host: '127.0.0.1', port: 0 }]` for programs that need a port. */
  readonly agent?: Omit<AgentOptions, 'dataDir' | 'dev' | 'acl' | 'defaultIntentionPolicy'>;
  readonly log?: Log;
}

/** `await using` closes it. What its services still hold open is cut then, unless `close` is given a signal to wait for. */
export interface Mesh<Name extends string = string> extends Closable {
  readonly agent: Agent;
  /**
   * The agent's. Time passes when a test says so: checks expire, certificates are renewed. The services' own time, such as the timeout of
   * a dial, is the system's.
   */
  readonly clock: FakeClock;
  /** Ready to serve and dial. What it serves is in the mesh once it listens. Throws an `InputError` for a name that is not of the mesh. */
  service(name: Name): Service;
  /** Resolves when its services decide by it: what is now forbidden was cut, and what is allowed can be dialled. */
  allow(source: Name | '*', destination: Name | '*'): Promise<void>;
  deny(source: Name | '*', destination: Name | '*'): Promise<void>;
  /** Resolves when every service has a certificate of the new root. The half minute that this may take passes on the clock. */
  rotateRoot(): Promise<void>;
}

/** In milliseconds, within which every leaf is renewed after a rotation. */
const rotationTime = 30_000;

export async function startMesh<Name extends string>(options: MeshOptions<Name>): Promise<Mesh<Name>> {
  const { services, defaultIntentionPolicy = 'deny', agent: more = {}, log = silentLog } = options;
  const names = checkedNames(services);
  const intentions = (options.intentions ?? []).map((text, at) => {
    const intention = parseIntention(text, `intentions[${at}]`);
    for (const name of [intention.source, intention.destination]) checkName(names, name, `intentions[${at}]`);
    return intention;
  });

  await using starting = new Closers();
  const clock = fakeClock();
  const runtime: Runtime = { clock: systemClock, log, metrics: noMetrics, random: Math.random };
  const caConfig = { CSRMaxPerSecond: 0, ...more.caConfig }; // a limit per second would wait for a clock that stands
  const agentOptions = { http: [], nodeName: 'mesh', ...more, caConfig, dev: true, defaultIntentionPolicy };
  const agent = starting.add(await startAgent(agentOptions, { ...runtime, clock }));
  for (const { action, source, destination } of intentions) await agent[action](source, destination);
  const places = new Places(agent);
  const members = await Promise.all(
    [...names].map(async (name) => starting.add(await startMember(name, agent, places, runtime))),
  );
  return new RunningMesh({ agent, clock, members, owned: starting.release() });
}

function checkedNames(services: readonly string[]): ReadonlySet<string> {
  const names = new Set(services);
  if (names.size === 0)
    throw new InputError('services', 'expected the names of the services of the mesh, such as ["web", "api"]');
  if (names.has('*')) throw new InputError('services', 'expected names; "*" stands for all of them in intentions');
  return names;
}

function checkName(names: Iterable<string>, name: string, place: string): void {
  const all = [...names];
  if (name !== '*' && !all.includes(name)) throw unknownService(all, name, place);
}

function unknownService(names: Iterable<string>, name: string, place: string): InputError {
  const known = [...names].join(', ');
  return new InputError(place, `there is no service ${JSON.stringify(name)} in this mesh; it has ${known}`);
}

interface Parts {
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly members: readonly Member[];
  readonly owned: Closers;
}

class RunningMesh implements Mesh {
  readonly agent: Agent;
  readonly clock: FakeClock;
  readonly #members: ReadonlyMap<string, Member>;
  readonly #owned: Closers;
  /** Intentions change one after the other, so that each can be waited for. */
  #changing: Promise<unknown> = Promise.resolve();
  readonly #closing = new AbortController();

  constructor({ agent, clock, members, owned }: Parts) {
    this.agent = agent;
    this.clock = clock;
    this.#members = new Map(members.map((member) => [member.name, member]));
    this.#owned = owned;
  }

  service(name: string): Service {
    this.#closing.signal.throwIfAborted();
    const member = this.#members.get(name);
    if (member === undefined) throw unknownService(this.#members.keys(), name, '');
    return member.service;
  }

  allow(source: string, destination: string): Promise<void> {
    return this.#intend({ source, destination, action: 'allow' });
  }

  deny(source: string, destination: string): Promise<void> {
    return this.#intend({ source, destination, action: 'deny' });
  }

  async rotateRoot(): Promise<void> {
    this.#closing.signal.throwIfAborted();
    const reissued = [...this.#members.values()].map((member) => member.reissued());
    await this.agent.rotateRoot();
    await this.clock.advance(rotationTime);
    await Promise.all(reissued);
  }

  async close(options: CloseOptions = { signal: AbortSignal.abort() }): Promise<void> {
    this.#closing.abort(
      new ConnectError('CLOSED', 'the mesh was closed: keep it open as long as its services are used'),
    );
    await this.#owned.close(options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #intend(intention: IntentionText): Promise<void> {
    this.#closing.signal.throwIfAborted();
    for (const name of [intention.source, intention.destination]) checkName(this.#members.keys(), name, '');
    const change = this.#changing.then(async () => {
      await this.agent[intention.action](intention.source, intention.destination);
      await Promise.all([...this.#members.values()].map((member) => member.untilDecidesBy(intention)));
    });
    this.#changing = change.catch(() => undefined); // the caller hears of it
    await change;
  }
}
