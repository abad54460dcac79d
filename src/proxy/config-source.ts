/** Where the configuration comes from, as whole values over time. */

import { type AgentService, type ConsulClient, watchHash } from '../api/index.ts';
import { exponentialBackoff, InputError, type Runtime } from '../base/index.ts';
import { readAgentConfig } from './agent-config.ts';
import type { ProxyConfig } from './config.ts';
import type { ConfigOrigin } from './flag-config.ts';

export interface SourceOptions {
  readonly client: ConsulClient;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** There is no configuration, or no newer one; or, without an argument, there is again. */
  readonly onTrouble: (error?: unknown) => void;
}

export interface Sourced {
  /** Absent when what was read describes no proxy. */
  readonly config?: ProxyConfig;
  /** The registration that it was read from. */
  readonly proxyId?: string;
  /** What could not be used, each with its place. */
  readonly errors: readonly InputError[];
}

/** Ends with `signal`, or after the only value there will be. Throws an `InputError` when waiting can't help. */
export async function* watchConfig(origin: ConfigOrigin, options: SourceOptions): AsyncGenerator<Sourced, void> {
  switch (origin.kind) {
    case 'flags':
      yield { config: origin.config, errors: [] };
      return;
    case 'proxy id':
      yield* watchRegistration(origin.proxyId, options);
      return;
    case 'sidecar for': {
      const proxyId = await findSidecar(origin.serviceId, options);
      if (proxyId !== undefined) yield* watchRegistration(proxyId, options);
      return;
    }
  }
}

async function* watchRegistration(proxyId: string, options: SourceOptions): AsyncGenerator<Sourced, void> {
  const { client, runtime, signal, onTrouble } = options;
  const answers = watchHash(client.agentService(proxyId), { signal, runtime, onError: onTrouble });
  for await (const answer of answers) {
    if (answer === undefined) {
      onTrouble(new Error(`the agent has no service with ID ${proxyId}: register it, or check -proxy-id`));
      continue;
    }
    onTrouble();
    yield { proxyId, ...readAgentConfig(answer) };
  }
}

/** Undefined when `signal` aborts first. The service may be registered later, so none is no reason to give up; several are. */
async function findSidecar(serviceId: string, options: SourceOptions): Promise<string | undefined> {
  const { client, runtime, signal, onTrouble } = options;
  const backoff = exponentialBackoff(500, 15_000, runtime.random);
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      const found = sidecarsOf(serviceId, Object.values(await client.agentServices(signal)));
      if (found.length > 1) throw tooMany(serviceId, found);
      if (found[0] !== undefined) return found[0];
      onTrouble(
        new Error(
          `No sidecar proxy registered for ${serviceId}: register one; if there is one, the token may lack service:read for it`,
        ),
      );
    } catch (error) {
      if (signal.aborted) return undefined;
      if (error instanceof InputError) throw error;
      onTrouble(new Error(`Failed looking up sidecar proxy info for ${serviceId}`, { cause: error }));
    }
    await runtime.clock.sleep(backoff(failures), signal);
  }
  return undefined;
}

/** IDs are compared as Consul compares names: in any case. */
export function sidecarsOf(serviceId: string, services: readonly AgentService[]): string[] {
  return services
    .filter(
      (service) =>
        service.Kind === 'connect-proxy' &&
        service.Proxy?.DestinationServiceID?.toLowerCase() === serviceId.toLowerCase(),
    )
    .map(({ ID }) => ID)
    .sort();
}

function tooMany(serviceId: string, found: readonly string[]): InputError {
  return new InputError(
    '',
    `More than one sidecar proxy registered for ${serviceId}. Start proxy with -proxy-id and one of the following IDs: ${found.join(', ')}`,
  );
}
