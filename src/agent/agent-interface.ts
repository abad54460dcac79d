/** What users hold: kept apart from the class, so that the package's types lead to nothing that is inside the agent. */

import type { Closable } from '../base/index.ts';
import type { ListenAddress, TcpAddress } from '../http/index.ts';
import type { Definitions } from './config.ts';

export interface Agent extends Closable {
  /** Of the first TCP listener. Throws when there is none. */
  readonly address: TcpAddress;
  /** All listeners, with the ports that were bound. */
  readonly addresses: readonly ListenAddress[];
  readonly nodeName: string;
  /** `<uuid>.consul`. */
  readonly trustDomain: string;
  /** Resolves when the agent has ended: with nothing after `close`, else with the reason. Never rejects. */
  readonly closed: Promise<Error | undefined>;
  /** Replaces what the configuration files defined; without an argument, asks for it as `PUT /v1/agent/reload` does. */
  reload(definitions?: Definitions): Promise<void>;
  /** Changes the CA to a root with a new key; leafs follow. */
  rotateRoot(): Promise<void>;
  /**
   * Asks the HTTP API without a socket, also where there is no listener: a path with its query, answered as the global `fetch` would
   * answer. What was asked is answered before `close` is through; afterwards it rejects. A function of its own, to be handed on: `{ fetch: agent.fetch }`.
   */
  readonly fetch: (path: string, init?: RequestInit) => Promise<Response>;
  /** Creates or replaces the intention between two services, either of which may be `*`. No token is asked for. */
  allow(source: string, destination: string): Promise<void>;
  deny(source: string, destination: string): Promise<void>;
}
