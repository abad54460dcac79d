/** Where the members of a mesh listen: in the agent's catalog, and known to every member that dials them before anybody goes on. */

import type { Agent } from '../agent/index.ts';
import type { Resolution, Withdraw } from '../connect/index.ts';

interface Follower {
  readonly service: string;
  readonly instances: Resolution['instances'];
  /** Aborts when nobody follows any more. */
  readonly signal: AbortSignal;
}

const host = '127.0.0.1';

export class Places {
  readonly #agent: Agent;
  readonly #followers = new Set<Follower>();

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  /** `resolution` as before, but whoever announces `service` waits until it has heard; until `signal` aborts. */
  follow(service: string, resolution: Resolution, signal: AbortSignal): Resolution {
    const closing = new AbortController();
    const follower = { service, instances: resolution.instances, signal: AbortSignal.any([signal, closing.signal]) };
    this.#followers.add(follower);
    follower.signal.addEventListener('abort', () => this.#followers.delete(follower), { once: true });
    const close = (): Promise<void> => {
      closing.abort();
      return resolution.close();
    };
    return { instances: resolution.instances, close };
  }

  /** Resolves when `service` can be dialled at `port`. */
  async announce(service: string, port: number): Promise<Withdraw> {
    const id = `${service}-${port}`;
    await this.#put('register', { ID: id, Name: service, Address: host, Port: port, Connect: { Native: true } });
    await this.#untilHeard(service, port, true);
    return async () => {
      try {
        await this.#put(`deregister/${encodeURIComponent(id)}`);
      } catch {
        return; // the agent has forgotten it already, or is gone
      }
      await this.#untilHeard(service, port, false);
    };
  }

  async #put(what: string, body?: object): Promise<void> {
    const init = { method: 'PUT', ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await this.#agent.fetch(`/v1/agent/service/${what}`, init);
    if (!answer.ok) throw new Error(`the agent of the mesh answered ${answer.status}: ${await answer.text()}`);
  }

  async #untilHeard(service: string, port: number, isThere: boolean): Promise<void> {
    const followers = [...this.#followers].filter((follower) => follower.service === service);
    const heard = followers.map(({ instances, signal }) =>
      instances.until((known) => (known ?? []).some((one) => one.port === port) === isThere, signal),
    );
    await Promise.allSettled(heard); // who has stopped following does not matter
  }
}
