/** Keeps one process of a managed proxy running, until it is told to stop or to let go. */

import { messageOf, type Runtime } from '../../base/index.ts';
import type { Launch } from './launch.ts';
import type { ProxyProcess } from './proxy-process.ts';
import { firstAttempt, next, type RestartPolicy, type Supervision, type SupervisionEvent } from './supervision.ts';

export interface KeeperOptions {
  readonly runtime: Runtime;
  readonly policy: RestartPolicy;
  /** Rejects when the process can't be started. */
  readonly start: (launch: Launch) => Promise<ProxyProcess>;
  /** Why the proxy does not run at this moment, for people; undefined while it does. */
  readonly tell: (reason: string | undefined) => void;
}

export class Keeper {
  readonly launch: Launch;
  readonly #options: KeeperOptions;
  readonly #stopping = new AbortController();
  readonly #leaving = new AbortController();
  /** Somebody wants something of this keeper. */
  readonly #told = AbortSignal.any([this.#stopping.signal, this.#leaving.signal]);
  readonly #hurry = new AbortController();
  readonly #done: Promise<void>;
  #process: ProxyProcess | undefined;

  /** `found` runs already. */
  constructor(launch: Launch, options: KeeperOptions, found?: ProxyProcess) {
    this.launch = launch;
    this.#options = options;
    this.#process = found;
    this.#done = this.#keep(found);
  }

  /** Resolves when the process has ended; it is made to when it takes too long, or when `hurry` aborts. */
  stop(hurry?: AbortSignal): Promise<void> {
    this.#stopping.abort();
    return this.#finish(hurry);
  }

  /** The process goes on by itself. One that is being stopped is waited for, until `hurry` aborts. */
  leave(hurry?: AbortSignal): Promise<void> {
    this.#leaving.abort();
    return this.#finish(hurry);
  }

  #finish(hurry: AbortSignal | undefined): Promise<void> {
    if (hurry?.aborted) this.#hurry.abort();
    else hurry?.addEventListener('abort', () => this.#hurry.abort(), { once: true });
    return this.#done;
  }

  async #keep(found: ProxyProcess | undefined): Promise<void> {
    let state: Supervision = found ? { kind: 'running', since: found.startedAt, attempt: 1 } : firstAttempt(this.#now);
    while (state.kind !== 'stopped') {
      const isLeft = this.#leaving.signal.aborted && !this.#stopping.signal.aborted;
      if (isLeft) return this.#process?.leave();
      const event = await this.#happens(state);
      if (event === undefined) continue;
      state = next(state, event, this.#options.policy);
      if (event.kind === 'exited') this.#logWait(state);
    }
  }

  /** Waits for what comes next in `state`, and sees to it. Undefined: look again. */
  #happens(state: Exclude<Supervision, { kind: 'stopped' }>): Promise<SupervisionEvent | undefined> {
    switch (state.kind) {
      case 'waiting':
        return this.#start(state.until);
      case 'running':
        return this.#run();
      case 'stopping':
        return this.#end(state.killAt);
    }
  }

  async #start(until: number): Promise<SupervisionEvent | undefined> {
    if (this.#stopping.signal.aborted) return { kind: 'stopRequested', at: this.#now };
    if (until > this.#now) {
      await this.#options.runtime.clock.sleep(until - this.#now, this.#told);
      return undefined;
    }
    const { log } = this.#options.runtime;
    const { proxyId: proxy, command } = this.launch;
    try {
      this.#process = await this.#options.start(this.launch);
      log.info('managed proxy started', { proxy, pid: this.#process.pid, command: command[0] });
      this.#options.tell(undefined);
      return { kind: 'started', at: this.#now };
    } catch (error) {
      log.error('managed proxy not started', { proxy, command: command[0], error: messageOf(error) });
      this.#tell(`it can't be started: ${messageOf(error)}`);
      return { kind: 'exited', at: this.#now };
    }
  }

  async #run(): Promise<SupervisionEvent | undefined> {
    const how = await this.#endedBefore(this.#told);
    if (how !== undefined) return this.#exited(how);
    if (!this.#stopping.signal.aborted) return undefined;
    this.#process?.signal('SIGINT');
    return { kind: 'stopRequested', at: this.#now };
  }

  async #end(killAt: number): Promise<SupervisionEvent> {
    const ended = new AbortController();
    const signal = AbortSignal.any([ended.signal, this.#hurry.signal]);
    const timeUp = this.#options.runtime.clock.sleep(killAt - this.#now, signal).then(() => undefined);
    const how = (await Promise.race([this.#process?.ended, timeUp])) ?? (await this.#kill());
    ended.abort();
    return this.#exited(how);
  }

  #kill(): Promise<string> | undefined {
    this.#options.runtime.log.warn('managed proxy did not end when asked to, killed', { proxy: this.launch.proxyId });
    this.#process?.signal('SIGKILL');
    return this.#process?.ended;
  }

  /** What the process has left behind of its group goes with it: it would be in the way of the next one. */
  #exited(how: string | undefined): SupervisionEvent {
    this.#process?.signal('SIGKILL');
    this.#process = undefined;
    this.#options.runtime.log.info('managed proxy ended', { proxy: this.launch.proxyId, how });
    this.#tell(`its process ${how}`);
    return { kind: 'exited', at: this.#now };
  }

  /** Of a process that is to end, whoever wants it to end knows better. */
  #tell(reason: string): void {
    if (!this.#stopping.signal.aborted) this.#options.tell(reason);
  }

  #logWait(state: Supervision): void {
    const seconds = state.kind === 'waiting' ? Math.round((state.until - this.#now) / 1_000) : 0;
    if (seconds > 0)
      this.#options.runtime.log.warn('managed proxy waits for its next start', { proxy: this.launch.proxyId, seconds });
  }

  /** How the process ended; undefined when `signal` aborts first. */
  async #endedBefore(signal: AbortSignal): Promise<string | undefined> {
    const { promise: aborted, resolve } = Promise.withResolvers<undefined>();
    const abort = (): void => resolve(undefined);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    try {
      return await Promise.race([this.#process?.ended, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get #now(): number {
    return this.#options.runtime.clock.now();
  }
}
