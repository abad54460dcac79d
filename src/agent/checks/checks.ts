/** Runs the checks that the agent has registered: starts and stops them as their rows come and go, and stores what they find. */

import { type Closable, messageOf, type Runtime } from '../../base/index.ts';
import { NodeRows } from '../registry/node-rows.ts';
import { planServiceDeregistration } from '../registry/plan-deregistration.ts';
import { mayRunScripts, type ScriptChecks, scriptsAreOff } from '../registry/script-checks.ts';
import { writeRows } from '../registry/write-rows.ts';
import type { Store } from '../state/store.ts';
import type { CheckDefinition, CheckRow } from '../state/tables.ts';
import { topic } from '../state/topics.ts';
import { type CriticalSince, findGivenUp } from './reaping.ts';
import { reconcile } from './reconcile.ts';
import { withOutputShown, withResult } from './result.ts';
import { type CheckSlot, isRun, runCheck } from './runner.ts';

export interface ChecksOptions {
  readonly store: Store;
  readonly runtime: Runtime;
  /** Whose checks these are. */
  readonly nodeName: string;
  /** Whose scripts are run; by itself nobody's, also where they were registered when others were allowed. */
  readonly scriptChecks?: ScriptChecks;
  /** What is to be added to the output of a service's failing check, for people. */
  readonly explain?: (serviceId: string) => string | undefined;
  /** Milliseconds after which new output at an unchanged status shows in the catalog, at most. 5 minutes by default. */
  readonly checkUpdateInterval?: number;
}

const usualUpdateInterval = 300_000;
const reapInterval = 30_000;

export function startChecks(options: ChecksOptions): Closable {
  return new Checks(options);
}

interface Running {
  readonly definition: CheckDefinition;
  readonly stop: AbortController;
}

class Checks implements Closable {
  readonly #store: Store;
  readonly #runtime: Runtime;
  readonly #rows: NodeRows;
  readonly #scriptChecks: ScriptChecks;
  readonly #explain: NonNullable<ChecksOptions['explain']>;
  readonly #running = new Map<string, Running>();
  readonly #work = new Set<Promise<void>>();
  readonly #closing = new AbortController();

  constructor(options: ChecksOptions) {
    const { store, runtime, nodeName, checkUpdateInterval = usualUpdateInterval } = options;
    this.#store = store;
    this.#runtime = runtime;
    this.#rows = new NodeRows(store, nodeName);
    this.#scriptChecks = options.scriptChecks ?? 'off';
    this.#explain = options.explain ?? (() => undefined);
    this.#track(this.#refuseScripts());
    this.#track(this.#followRows());
    this.#track(this.#showOutputs(checkUpdateInterval));
    this.#track(this.#reap());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const { stop } of this.#running.values()) stop.abort();
    await Promise.all(this.#work);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #followRows(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const seen = this.#store.indexOf([topic.checkDefinitions]);
      this.#adjust();
      await this.#store.waitForChange([topic.checkDefinitions], seen, signal);
    }
  }

  #adjust(): void {
    const wanted = new Map<string, CheckDefinition>();
    for (const row of this.#rows.checks()) {
      const { checkId, local } = row;
      if (local !== undefined && isRun(local.definition) && !this.#isRefusedScript(row)) {
        wanted.set(checkId, local.definition);
      }
    }
    const running = new Map([...this.#running].map(([id, { definition }]) => [id, definition]));
    const { stop, start } = reconcile(running, wanted);
    for (const id of stop) {
      this.#running.get(id)?.stop.abort();
      this.#running.delete(id);
    }
    for (const id of start) this.#start(id, wanted.get(id) as CheckDefinition);
  }

  #start(id: string, definition: CheckDefinition): void {
    const stop = new AbortController();
    this.#running.set(id, { definition, stop });
    this.#track(runCheck(definition, this.#slot(id, stop.signal), this.#runtime, stop.signal));
  }

  /** A script that was registered when that was allowed. */
  #isRefusedScript({ local }: CheckRow): boolean {
    return local?.definition.type === 'script' && !mayRunScripts(this.#scriptChecks, local.fromFile === true);
  }

  /** Such a check says nothing any more, so it must not go on being passing. */
  #refuseScripts(): Promise<void> {
    return this.#write(
      (row) =>
        this.#isRefusedScript(row) ? withResult(row, 'critical', scriptsAreOff(row.local?.fromFile === true)) : row,
      () => [...this.#rows.checks()],
    );
  }

  #slot(id: string, stopped: AbortSignal): CheckSlot {
    return {
      read: () => this.#rows.ownCheck(id),
      change: (change) =>
        this.#write(
          (row) => (stopped.aborted ? row : this.#explained(change(row))),
          () => [this.#rows.ownCheck(id)],
        ),
    };
  }

  /** A reason is shown to all at once, which newer output is not: it is what whoever looks for the failure needs. */
  #explained(row: CheckRow): CheckRow {
    const reason = row.status === 'critical' ? this.#explain(row.serviceId) : undefined;
    if (reason === undefined) return row;
    const output = row.local?.output ?? row.output;
    const explained = output.endsWith(reason) ? row : withResult(row, 'critical', `${output}\n${reason}`);
    return row.output.endsWith(reason) ? explained : withOutputShown(explained);
  }

  /** From time to time, newer output at an unchanged status is shown to all. */
  async #showOutputs(interval: number): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      await this.#runtime.clock.sleep(interval / 2 + (this.#runtime.random() * interval) / 2, signal);
      if (!signal.aborted) await this.#write(withOutputShown, () => [...this.#rows.checks()]);
    }
  }

  async #write(change: (row: CheckRow) => CheckRow, rows: () => readonly (CheckRow | undefined)[]): Promise<void> {
    try {
      await writeRows(this.#store, (writer) => {
        for (const row of rows()) {
          const changed = row === undefined ? undefined : change(row);
          if (changed !== undefined && changed !== row) writer.putCheck(changed);
        }
      });
    } catch (error) {
      this.#runtime.log.error('check state not stored', { error: messageOf(error) });
    }
  }

  async #reap(): Promise<void> {
    const { signal } = this.#closing;
    let since: CriticalSince = new Map();
    while (!signal.aborted) {
      const found = findGivenUp(this.#rows.checks(), since, this.#runtime.clock.now());
      since = found.since;
      for (const service of found.services) await this.#giveUp(service);
      await this.#runtime.clock.sleep(reapInterval, signal);
    }
  }

  async #giveUp(service: string): Promise<void> {
    try {
      await writeRows(this.#store, (writer) => {
        writer.apply(this.#rows.node, planServiceDeregistration(service, this.#rows));
      });
      this.#runtime.log.info('critical service deregistered', { service });
    } catch (error) {
      this.#runtime.log.error('critical service not deregistered', { service, error: messageOf(error) });
    }
  }

  #track(work: Promise<void>): void {
    const tracked = work
      .catch((error: unknown) => this.#runtime.log.error('check run failed', { error: messageOf(error) }))
      .finally(() => this.#work.delete(tracked));
    this.#work.add(tracked);
  }
}
