/**
 * Runs the managed proxies: follows what is declared, starts and stops, and finds those again that an earlier agent has left running.
 * What of this would act on a process is in `keeper.ts`, one for each.
 */

import { type Closable, type CloseOptions, messageOf, type Runtime } from '../../base/index.ts';
import type { ManagedProxies } from '../registry/managed-proxies.ts';
import type { Store } from '../state/store.ts';
import { keyOf } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { findEarlier } from './earlier.ts';
import { Keeper, type KeeperOptions } from './keeper.ts';
import { type Launch, planLaunch, type Surroundings } from './launch.ts';
import { type ProxyProcess, startProcess } from './proxy-process.ts';
import { type RestartPolicy, usualPolicy } from './supervision.ts';

export interface SupervisorOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  readonly proxies: ManagedProxies;
  readonly surroundings: Surroundings;
  /** Where logs go. Absent: nothing outlives this agent, neither logs nor processes. */
  readonly dataDir: string | undefined;
  /** Kept up to date: by proxy ID, why it does not run, for people. */
  readonly reasons: Map<string, string>;
  readonly policy?: RestartPolicy;
}

/** Changes that follow each other closer than `quiet` are taken together, for `longest` at most. Milliseconds. */
const gathering = { quiet: 500, longest: 5_000 };

/** Looks for processes of an earlier agent first, so that none runs twice. */
export function startSupervisor(options: SupervisorOptions): Closable {
  return new Supervisor(options);
}

interface Slot {
  keeper: Keeper | undefined;
  wanted: Launch | undefined;
  turning: Promise<void> | undefined;
}

class Supervisor implements Closable {
  readonly #options: SupervisorOptions;
  readonly #slots = new Map<string, Slot>();
  readonly #closing = new AbortController();
  readonly #following: Promise<void>;
  #closed: Promise<void> | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#findEarlier();
    this.#following = this.#follow();
  }

  /** What is declared goes on running for the next agent; without a data directory there can be none that would find it. */
  close({ signal }: CloseOptions = {}): Promise<void> {
    this.#closing.abort();
    const keepers = (): Keeper[] => [...this.#slots.values()].flatMap(({ keeper }) => keeper ?? []);
    if (signal?.aborted) for (const keeper of keepers()) void this.#part(keeper, signal);
    this.#closed ??= this.#following.then(async () => {
      await Promise.all(keepers().map((keeper) => this.#part(keeper, signal)));
      await Promise.all([...this.#slots.values()].map(({ turning }) => turning));
    });
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #part(keeper: Keeper, hurry: AbortSignal | undefined): Promise<void> {
    return this.#options.dataDir === undefined ? keeper.stop(hurry) : keeper.leave(hurry);
  }

  async #follow(): Promise<void> {
    const { store } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const seen = store.indexOf([topic.managedProxies]);
      await store.settled()?.catch(() => undefined); // what the disk refuses is undone by then
      this.#adjust();
      await store.waitForChange([topic.managedProxies], seen, signal);
      await this.#untilQuiet();
    }
  }

  async #untilQuiet(): Promise<void> {
    const { store, runtime } = this.#options;
    const end = runtime.clock.now() + gathering.longest;
    for (let left = gathering.longest; left > 0 && !this.#closing.signal.aborted; left = end - runtime.clock.now()) {
      const seen = store.indexOf([topic.managedProxies]);
      const over = new AbortController();
      const signal = AbortSignal.any([over.signal, this.#closing.signal]);
      const changed = store.waitForChange([topic.managedProxies], seen, signal).then(() => true);
      const quiet = runtime.clock.sleep(Math.min(gathering.quiet, left), signal).then(() => false);
      const goesOn = await Promise.race([changed, quiet]);
      over.abort();
      if (!goesOn) return;
    }
  }

  #adjust(): void {
    const { runtime, reasons } = this.#options;
    const { wanted, refused } = this.#plan();
    for (const id of [...reasons.keys()]) if (!wanted.has(id)) reasons.delete(id);
    for (const [proxy, reason] of refused) {
      runtime.log.warn('managed proxy not run', { proxy, reason });
      reasons.set(proxy, reason);
    }
    for (const id of new Set([...wanted.keys(), ...this.#slots.keys()])) this.#want(id, wanted.get(id));
  }

  #plan(): { readonly wanted: ReadonlyMap<string, Launch>; readonly refused: ReadonlyMap<string, string> } {
    const { proxies, surroundings } = this.#options;
    const wanted = new Map<string, Launch>();
    const refused = new Map<string, string>();
    for (const proxy of proxies.all()) {
      const launch = planLaunch(proxy, surroundings);
      if ('reason' in launch) refused.set(proxy.id, launch.reason);
      else wanted.set(proxy.id, launch);
    }
    return { wanted, refused };
  }

  #want(proxyId: string, launch: Launch | undefined): void {
    const slot = this.#slots.get(proxyId) ?? { keeper: undefined, wanted: undefined, turning: undefined };
    this.#slots.set(proxyId, slot);
    slot.wanted = launch;
    slot.turning ??= this.#turn(proxyId, slot).finally(() => {
      slot.turning = undefined;
    });
  }

  /** The old process has ended before the new one is started: both would want the same port. */
  async #turn(proxyId: string, slot: Slot): Promise<void> {
    while (slot.keeper?.launch.digest !== slot.wanted?.digest) {
      await slot.keeper?.stop();
      if (slot.keeper !== undefined) await this.#forget(proxyId);
      slot.keeper = undefined;
      if (this.#closing.signal.aborted) return;
      if (slot.wanted !== undefined) slot.keeper = new Keeper(slot.wanted, this.#keeping(proxyId));
    }
    if (slot.keeper === undefined) this.#slots.delete(proxyId);
  }

  #keeping(proxyId: string): KeeperOptions {
    const { runtime, policy = usualPolicy, reasons } = this.#options;
    return {
      runtime,
      policy,
      start: (launch) => this.#start(launch),
      tell: (reason) => {
        if (reason === undefined) reasons.delete(proxyId);
        else reasons.set(proxyId, reason);
      },
    };
  }

  /**
   * Looks again whether it is still declared: a process of what is gone by now, of an agent killed before it could note it, would be known
   * to nobody. Nothing can come between this look and the process, and its note is on disk with whatever comes after.
   */
  async #start(launch: Launch): Promise<ProxyProcess> {
    const { runtime, dataDir } = this.#options;
    if (this.#plan().wanted.get(launch.proxyId)?.digest !== launch.digest)
      throw new Error('it is not declared so any more');
    const started = await startProcess(launch, dataDir, runtime.clock);
    await this.#note(launch, started);
    return started;
  }

  async #note({ proxyId, digest }: Launch, { pid, identity, startedAt }: ProxyProcess): Promise<void> {
    await this.#write('managed proxy not noted for the next agent', proxyId, (tx) =>
      tx.put('proxyProcesses', keyOf.proxyProcesses({ proxyId }), {
        proxyId,
        pid,
        identity,
        startedAt,
        launch: digest,
      }),
    );
  }

  #forget(proxyId: string): Promise<void> {
    return this.#write('ended managed proxy not forgotten', proxyId, (tx) =>
      tx.delete('proxyProcesses', keyOf.proxyProcesses({ proxyId })),
    );
  }

  async #write(failure: string, proxy: string, change: Parameters<Store['write']>[0]): Promise<void> {
    try {
      await this.#options.store.write(change);
    } catch (error) {
      this.#options.runtime.log.error(failure, { proxy, error: messageOf(error) });
    }
  }

  /** What runs and is as it should be is kept; `#turn` sees to the rest. */
  #findEarlier(): void {
    const { store, runtime, proxies } = this.#options;
    const { wanted } = this.#plan();
    const { found, gone } = findEarlier([...store.table('proxyProcesses').values()], proxies.all(), runtime.clock);
    for (const proxyId of gone) void this.#forget(proxyId);
    for (const { proxyId, launch: digest, process } of found) {
      const launch = wanted.get(proxyId);
      const held = launch?.digest === digest ? launch : { ...nothing, proxyId, digest };
      runtime.log.info('managed proxy found running', { proxy: proxyId, pid: process.pid, isKept: held === launch });
      const keeper = new Keeper(held, this.#keeping(proxyId), process);
      this.#slots.set(proxyId, { keeper, wanted: undefined, turning: undefined });
    }
  }
}

/** Of a process that is only there to be stopped. */
const nothing: Omit<Launch, 'proxyId' | 'digest'> = { command: [], file: '', args: [], environment: {} };
