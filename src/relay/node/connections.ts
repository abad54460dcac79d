import type { Clock } from '../../base/index.ts';
import type { Connection, Counters, DataPlaneEvent, RefusalStage } from '../data-plane.ts';
import type { Traffic } from './pipe.ts';

type Role = Connection['role'];

/** Every connection that carries bytes now, and what became of the others, in numbers. */
export class Connections {
  readonly #clock: Clock;
  readonly #tell: (event: DataPlaneEvent) => void;
  readonly #live = new Set<LiveConnection>();
  readonly #open = { inbound: 0, outbound: 0 };
  readonly #accepted = { inbound: 0, outbound: 0 };
  readonly #bytes = { inbound: 0, outbound: 0 };
  readonly #refused = { handshake: 0, identity: 0, authorization: 0, limit: 0, dial: 0 };
  #onClose: () => void = () => undefined;
  #forbidden = 0;
  #last = 0;

  constructor(clock: Clock, tell: (event: DataPlaneEvent) => void) {
    this.#clock = clock;
    this.#tell = tell;
  }

  accepted(role: Role): void {
    this.#accepted[role] += 1;
  }

  refused(listener: string, stage: RefusalStage, reason: string, peer?: string): void {
    this.#refused[stage] += 1;
    this.#tell({ kind: 'refused', listener, stage, reason, ...(peer !== undefined && { peer }) });
  }

  /** `reset` ends both sides. Whoever opens it closes it. */
  open(described: Omit<Connection, 'id' | 'openedAt'>, reset: () => void): LiveConnection {
    this.#last += 1;
    const live = new LiveConnection({ id: this.#last, openedAt: this.#clock.now(), ...described }, reset);
    this.#live.add(live);
    this.#open[live.connection.role] += 1;
    this.#tell({ kind: 'connection opened', connection: live.connection });
    return live;
  }

  /** `outcome` is what the pipe said; a cut has said more. */
  close(live: LiveConnection, outcome: string): void {
    const { connection, bytesIn, bytesOut, cutReason } = live;
    this.#live.delete(live);
    this.#open[connection.role] -= 1;
    this.#bytes[connection.role] += bytesIn + bytesOut;
    this.#tell({
      kind: 'connection closed',
      id: connection.id,
      listener: connection.listener,
      bytesOut,
      bytesIn,
      age: this.#clock.now() - connection.openedAt,
      reason: cutReason ?? outcome,
    });
    this.#onClose();
  }

  /** Cuts a live connection that a later authorization forbids. */
  forbid(live: LiveConnection, reason: string): void {
    this.#forbidden += 1;
    live.cut(reason);
  }

  cutAll(role: Role, reason: string): void {
    for (const live of [...this.#live]) if (live.connection.role === role) live.cut(reason);
  }

  /** Resolves once no connection of that role is live. */
  async whenNone(role: Role): Promise<void> {
    while (this.#open[role] > 0)
      await new Promise<void>((resolve) => {
        this.#onClose = resolve;
      });
  }

  list(): readonly Connection[] {
    return [...this.#live].map(({ connection }) => connection);
  }

  counters(): Counters {
    const bytes = { ...this.#bytes };
    for (const { connection, bytesIn, bytesOut } of this.#live) bytes[connection.role] += bytesIn + bytesOut;
    return {
      openConnections: { ...this.#open },
      accepted: { ...this.#accepted },
      refused: { ...this.#refused },
      cut: this.#forbidden,
      bytes,
    };
  }
}

export class LiveConnection implements Traffic {
  readonly connection: Connection;
  bytesIn = 0;
  bytesOut = 0;
  /** Why we ended it; undefined when we did not. */
  cutReason: string | undefined;
  readonly #reset: () => void;

  constructor(connection: Connection, reset: () => void) {
    this.connection = connection;
    this.#reset = reset;
  }

  cut(reason: string): void {
    this.cutReason ??= reason;
    this.#reset();
  }
}
