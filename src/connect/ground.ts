/** What serving and dialling share: the service's state, in the form in which connections need it. */

import { Cell, type Runtime } from '../base/index.ts';
import { Gatekeeper, type MtlsState, type TlsSettings } from '../mtls/index.ts';
import type { ServiceState } from './service-state.ts';

export interface Ground {
  readonly state: ServiceState;
  readonly runtime: Runtime;
  readonly gatekeeper: Gatekeeper;
  /** Undefined: not ready. */
  readonly mtls: Cell<MtlsState | undefined>;
  /** Aborts with `ConnectError('CLOSED')` when the service closes. */
  readonly signal: AbortSignal;
}

/** Milliseconds for one question to the agent. */
const askTimeout = 5_000;

export function layGround(state: ServiceState, tls: TlsSettings, runtime: Runtime, signal: AbortSignal): Ground {
  const { identity, roots, authorization, ask } = state;
  const gatekeeper = new Gatekeeper({ clock: runtime.clock, random: runtime.random, ask, askTimeout });
  const mtls = new Cell<MtlsState | undefined>(undefined);
  const update = (): void => {
    const [own, believed] = [identity.value, roots.value];
    mtls.set(own && believed && { identity: own, roots: believed, tls });
  };
  identity.subscribe(update, signal);
  roots.subscribe(update, signal);
  authorization.subscribe((next) => gatekeeper.set(next), signal);
  signal.addEventListener('abort', () => gatekeeper.close(), { once: true });
  return { state, runtime, gatekeeper, mtls, signal };
}
