/** Carries what is true for the service, and for its upstreams, from the agent to the data plane. */

import type { ConsulClient } from '../api/index.ts';
import { type Closable, type CloseOptions, messageOf, type Runtime } from '../base/index.ts';
import { type Resolution, type ServiceState, startServiceState } from '../connect/index.ts';
import type { Decision, Peer } from '../mtls/index.ts';
import type { DataPlane } from '../relay/index.ts';
import { formatTarget, type ProxySettings, type UpstreamTarget } from './config.ts';

export interface FollowerOptions {
  readonly client: ConsulClient;
  readonly runtime: Runtime;
  readonly dataPlane: DataPlane;
  readonly authorization: ProxySettings['authorization'];
  /** Something that readiness depends on is another. */
  readonly onChange: () => void;
}

interface Followed {
  readonly target: UpstreamTarget;
  readonly stop: () => Promise<void>;
}

export class ServiceFollower implements Closable {
  readonly #options: FollowerOptions;
  readonly #upstreams = new Map<string, Followed>();
  #state: ServiceState | undefined;
  #using = new AbortController();

  constructor(options: FollowerOptions) {
    this.#options = options;
  }

  /** Undefined until a service is followed. */
  get state(): ServiceState | undefined {
    return this.#state;
  }

  /** Follows `service` from now on; its upstreams are looked up with the same state. Its own name again changes nothing. */
  async use(service: string): Promise<void> {
    if (this.#state?.service === service) return;
    const { client, runtime, dataPlane, authorization, onChange } = this.#options;
    await this.#leave();
    const state = startServiceState({ service, client, runtime, authorization });
    const { signal } = this.#using;
    this.#state = state;
    state.identity.subscribe((identity) => dataPlane.set({ kind: 'identity', identity }), signal);
    state.roots.subscribe((roots) => dataPlane.set({ kind: 'roots', roots }), signal);
    state.authorization.subscribe((now) => dataPlane.set({ kind: 'authorization', authorization: now }), signal);
    for (const cell of [state.identity, state.roots, state.authorization]) cell.subscribe(onChange, signal);
    for (const { target } of [...this.#upstreams.values()]) this.follow(target);
  }

  /** Needs a service; see `use`. */
  follow(target: UpstreamTarget): void {
    if (this.#state === undefined) return;
    const upstream = formatTarget(target);
    const { dataPlane } = this.#options;
    const resolution: Resolution = this.#state.resolve(target);
    const unsubscribe = resolution.instances.subscribe((instances) => {
      if (instances !== undefined) dataPlane.set({ kind: 'endpoints', upstream, instances });
    });
    const stop = (): Promise<void> => {
      unsubscribe();
      return resolution.close();
    };
    this.#upstreams.set(upstream, { target, stop });
  }

  async unfollow(upstream: string): Promise<void> {
    const followed = this.#upstreams.get(upstream);
    this.#upstreams.delete(upstream);
    await followed?.stop();
  }

  /** Undefined when nobody could be asked. Never rejects. */
  async ask(peer: Peer): Promise<Decision | undefined> {
    try {
      return await this.#state?.ask(peer, this.#using.signal);
    } catch (error) {
      this.#options.runtime.log.debug('question not answered', { peer: peer.spiffeId, error: messageOf(error) });
      return undefined;
    }
  }

  close(_options?: CloseOptions): Promise<void> {
    return this.#leave();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#leave();
  }

  async #leave(): Promise<void> {
    this.#using.abort();
    this.#using = new AbortController();
    await Promise.all([...this.#upstreams.values()].map(({ stop }) => stop()));
    await this.#state?.close();
    this.#state = undefined;
  }
}
