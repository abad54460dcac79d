/** A proxy that registers itself, keeps its check alive, and takes itself out again. */

import { ApiError, type ConsulClient } from '../api/index.ts';
import { type Cell, type Closable, messageOf, type Runtime } from '../base/index.ts';
import type { Registration } from './flag-config.ts';
import type { ProxyProblems } from './problems.ts';

export interface RegistrationOptions {
  readonly registration: Registration;
  readonly client: ConsulClient;
  readonly runtime: Runtime;
  /** Registers when it turns true for the first time; a proxy that is not ready lets its check run out. */
  readonly ready: Cell<boolean>;
  readonly problems: ProxyProblems;
}

/** Milliseconds. */
const heartbeatInterval = 10_000;
/** Heartbeats between two looks at the catalog. */
const heartbeatsPerLook = 3;
const retryInterval = 2_000;
const deregisterTries = 3;
const deregisterPause = 500;

const what = 'registration';

/** Never gives up; `close` deregisters. */
export function startRegistration(options: RegistrationOptions): Closable {
  const { registration, client, runtime, ready, problems } = options;
  const closing = new AbortController();
  const { signal } = closing;
  const checkId = `${registration.id}-ttl`;
  let isRegistered = false;

  const keep = async (): Promise<void> => {
    await ready.until((isReady) => isReady, signal).catch(() => undefined);
    for (let beat = 0; !signal.aborted; beat += 1) {
      try {
        await keepOnce(beat);
        problems.clear(what);
        await runtime.clock.sleep(heartbeatInterval, signal);
      } catch (error) {
        if (signal.aborted) return;
        problems.report(what, error);
        await runtime.clock.sleep(retryInterval * (0.5 + runtime.random()), signal);
      }
    }
  };
  const keepOnce = async (beat: number): Promise<void> => {
    if (!isRegistered || (beat % heartbeatsPerLook === 0 && !(await isInCatalog(client, registration, signal)))) {
      await client.registerService(definitionOf(registration, checkId), signal);
      isRegistered = true;
    }
    if (!ready.value) return;
    try {
      await client.passCheck(checkId, '', signal);
    } catch (error) {
      // The agent has forgotten us, and says so in one way or another.
      if (error instanceof ApiError && error.status >= 400 && error.code !== 'TOKEN_REFUSED') isRegistered = false;
      throw error;
    }
  };
  const kept = keep();

  const deregister = async (): Promise<void> => {
    if (!isRegistered) return;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await client.deregisterService(registration.id);
      } catch (error) {
        if (attempt === deregisterTries) {
          runtime.log.warn('proxy could not be deregistered', { proxy: registration.id, error: messageOf(error) });
          return;
        }
        await runtime.clock.sleep(deregisterPause);
      }
    }
  };
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing.abort();
    closed ??= kept.then(deregister);
    return closed;
  };
  return { close, [Symbol.asyncDispose]: close };
}

async function isInCatalog(client: ConsulClient, wanted: Registration, signal: AbortSignal): Promise<boolean> {
  const instances = await client.catalogService(wanted.name, {}, signal);
  return instances.some(
    ({ ServiceID, ServiceAddress, ServicePort }) =>
      ServiceID === wanted.id && ServiceAddress === wanted.address && ServicePort === wanted.port,
  );
}

function definitionOf({ id, name, service, address, port }: Registration, checkId: string): unknown {
  return {
    Kind: 'connect-proxy',
    ID: id,
    Name: name,
    Address: address,
    Port: port,
    Proxy: { DestinationServiceName: service },
    Check: {
      CheckID: checkId,
      Name: 'proxy heartbeat',
      Notes: 'The proxy itself keeps this check passing while it can serve.',
      TTL: '30s',
      Status: 'passing',
    },
  };
}
