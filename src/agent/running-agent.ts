import type { Clock, CloseOptions, Closers } from '../base/index.ts';
import { InputError } from '../base/index.ts';
import type { InProcessServer, ListenAddress, TcpAddress } from '../http/index.ts';
import type { Agent } from './agent-interface.ts';
import type { Ca } from './ca/ca.ts';
import type { Definitions } from './config.ts';
import { formatInstant } from './instant.ts';
import { setAction } from './intentions/set-action.ts';
import type { OwnNode } from './registry/own-node.ts';
import type { Store } from './state/store.ts';

export interface Parts {
  readonly node: OwnNode;
  readonly ca: Ca;
  readonly store: Store;
  readonly clock: Clock;
  readonly inProcess: InProcessServer;
  readonly addresses: readonly ListenAddress[];
  readonly reload: (definitions: Definitions | undefined) => Promise<void>;
  readonly owned: Closers;
}

export class RunningAgent implements Agent {
  readonly #parts: Parts;
  readonly #closed: PromiseWithResolvers<Error | undefined> = Promise.withResolvers<Error | undefined>();

  readonly fetch: Agent['fetch'] = (path, init) => this.#parts.inProcess.fetch(path, init);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  get address(): TcpAddress {
    const address = this.#parts.addresses.find((one) => 'port' in one);
    if (address === undefined) throw new InputError('', 'this agent serves HTTP on no TCP port');
    return address;
  }

  get addresses(): readonly ListenAddress[] {
    return this.#parts.addresses;
  }

  get nodeName(): string {
    return this.#parts.node.name;
  }

  get trustDomain(): string {
    return this.#parts.ca.trustDomain;
  }

  get closed(): Promise<Error | undefined> {
    return this.#closed.promise;
  }

  reload(definitions?: Definitions): Promise<void> {
    return this.#parts.reload(definitions);
  }

  rotateRoot(): Promise<void> {
    return this.#parts.ca.rotateRoot();
  }

  allow(source: string, destination: string): Promise<void> {
    return this.#set(source, destination, 'allow');
  }

  deny(source: string, destination: string): Promise<void> {
    return this.#set(source, destination, 'deny');
  }

  #set(source: string, destination: string, action: 'allow' | 'deny'): Promise<void> {
    const { store, clock } = this.#parts;
    return setAction(store, { source, destination, action, now: formatInstant(clock.now()) });
  }

  async close(options?: CloseOptions): Promise<void> {
    try {
      await this.#parts.owned.close(options);
      this.#closed.resolve(undefined);
    } catch (error) {
      this.#closed.resolve(error as Error);
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
