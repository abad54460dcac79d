/** What the data plane tells, into log lines, numbers, and the standing of each listener. */

import { Cell, type Log } from '../base/index.ts';
import type { Decision, Peer } from '../mtls/index.ts';
import type { BindAddress, Connection, DataPlane, DataPlaneEvent } from '../relay/index.ts';
import type { ProxyMetrics } from './metrics.ts';
import type { ProxyProblems } from './problems.ts';

export interface EventReaderOptions {
  readonly dataPlane: DataPlane;
  readonly log: Log;
  readonly metrics: ProxyMetrics;
  readonly problems: ProxyProblems;
  /** Undefined when nobody could be asked. */
  readonly ask: (peer: Peer) => Promise<Decision | undefined>;
  readonly onListenerFailed: (listener: string) => void;
}

type EventOf<K extends DataPlaneEvent['kind']> = Extract<DataPlaneEvent, { readonly kind: K }>;

export class EventReader {
  /** Where each listener is bound. */
  readonly addresses: Cell<ReadonlyMap<string, BindAddress>> = new Cell<ReadonlyMap<string, BindAddress>>(new Map());
  readonly #options: EventReaderOptions;
  /** Listeners for which nothing could be dialled last. */
  readonly #failing = new Set<string>();

  constructor(options: EventReaderOptions) {
    this.#options = options;
  }

  /** Until the data plane is closed. */
  async read(): Promise<void> {
    for await (const event of this.#options.dataPlane.events()) this.#handle(event);
  }

  /** A listener is gone, or about to be another. */
  forget(listener: string): void {
    const rest = new Map(this.addresses.value);
    if (rest.delete(listener)) this.addresses.set(rest);
    this.#failing.delete(listener);
    this.#options.problems.clear(problemOf(listener));
  }

  #handle(event: DataPlaneEvent): void {
    const { log, metrics } = this.#options;
    switch (event.kind) {
      case 'listener bound':
        this.#bound(event);
        break;
      case 'listener failed':
        this.#failed(event);
        break;
      case 'connection opened':
        this.#opened(event.connection);
        break;
      case 'connection closed':
        log.debug('connection closed', withoutKind(event));
        break;
      case 'refused':
        this.#refused(event);
        break;
      case 'question':
        void this.#answer(event);
        break;
      case 'events lost':
        metrics.eventsLost.add(event.count);
        log.warn('events lost', { count: event.count });
        break;
    }
  }

  #bound({ listener, address }: EventOf<'listener bound'>): void {
    this.#options.log.info('listener bound', { listener, address });
    this.#options.problems.clear(problemOf(listener));
    this.addresses.set(new Map(this.addresses.value).set(listener, address));
  }

  #failed({ listener, reason }: EventOf<'listener failed'>): void {
    this.#options.metrics.listenerFailures.add();
    this.#options.problems.report(problemOf(listener), new Error(reason));
    this.#options.onListenerFailed(listener);
  }

  #opened(connection: Connection): void {
    const { log, metrics } = this.#options;
    metrics.connections.add(1, { direction: connection.role, peer: connection.upstream ?? serviceOf(connection.peer) });
    log.debug('connection opened', connection);
    if (this.#failing.delete(connection.listener)) log.info('dials work again', { listener: connection.listener });
  }

  #refused(event: EventOf<'refused'>): void {
    const { log, metrics } = this.#options;
    const { listener, stage } = event;
    metrics.refused.add(1, { direction: listener === 'inbound' ? 'inbound' : 'outbound', stage });
    if (stage === 'authorization') log.info('inbound denied', withoutKind(event));
    else if (stage !== 'dial' || this.#failing.has(listener)) log.debug('connection refused', withoutKind(event));
    else {
      this.#failing.add(listener);
      log.warn('dials failed', withoutKind(event));
    }
  }

  async #answer({ id, peer }: EventOf<'question'>): Promise<void> {
    const decision = await this.#options.ask(peer);
    const answer = decision === undefined ? 'none' : decision.allowed ? 'allow' : 'deny';
    this.#options.metrics.questions.add(1, { decision: answer });
    this.#options.dataPlane.answer(id, decision);
  }
}

function problemOf(listener: string): string {
  return `listener ${listener}`;
}

/** The service that a SPIFFE ID names. */
function serviceOf(spiffeId: string): string {
  return spiffeId.slice(spiffeId.lastIndexOf('/') + 1);
}

function withoutKind({ kind: _kind, ...fields }: DataPlaneEvent): object {
  return fields;
}
