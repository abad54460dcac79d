/** A service of the mesh: an SDK service that stands on the agent in this process. */

import type { Agent } from '../agent/index.ts';
import type { Closable, Runtime } from '../base/index.ts';
import { type Service, type ServiceState, startService } from '../connect/index.ts';
import type { IntentionText } from './intention-text.ts';
import type { Places } from './places.ts';

export interface Member extends Closable {
  readonly name: string;
  readonly service: Service;
  /** Resolves once it decides by this intention, if that is about it. */
  untilDecidesBy(intention: IntentionText): Promise<void>;
  /** Begins to wait for another certificate than the one it has. */
  reissued(): Promise<void>;
}

export async function startMember(name: string, agent: Agent, places: Places, runtime: Runtime): Promise<Member> {
  const closing = new AbortController();
  const { signal } = closing;
  const own = Promise.withResolvers<ServiceState>();
  const adapt = (state: ServiceState): ServiceState => {
    own.resolve(state);
    return {
      ...state,
      announce: (port) => places.announce(name, port),
      resolve: (target) => {
        const resolution = state.resolve(target);
        return 'service' in target ? places.follow(target.service, resolution, signal) : resolution;
      },
    };
  };
  const service = await startService({ name, agent: { fetch: agent.fetch } }, runtime, adapt);
  const { identity, authorization } = await own.promise;
  void service.closed.then(() => closing.abort());

  const isAbout = (destination: string): boolean => destination === '*' || destination === name;
  return {
    name,
    service,
    untilDecidesBy: async ({ source, destination, action }) => {
      if (!isAbout(destination)) return;
      const isKnown = (rule: { source: string; destination: string; action: string }): boolean =>
        rule.source === source && rule.destination === destination && rule.action === action;
      await orClosed(authorization.until((now) => now.kind !== 'table' || now.rules.some(isKnown), signal));
    },
    reissued: () => {
      const before = identity.value;
      return orClosed(identity.until((now) => now !== undefined && now.chain !== before?.chain, signal));
    },
    close: (options) => service.close(options),
    [Symbol.asyncDispose]: () => service.close(),
  };

  /** A member that its user has closed is waited for no longer. */
  async function orClosed(waiting: Promise<unknown>): Promise<void> {
    await waiting.catch((error) => {
      if (!signal.aborted) throw error;
    });
  }
}
