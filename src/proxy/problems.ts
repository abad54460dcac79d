import { Cell, type Log, messageOf } from '../base/index.ts';

export interface ProxyProblem {
  readonly what: string;
  readonly reason: string;
}

/** What is wrong with the proxy itself now. Says in the log once when something starts to fail and once when it is well again. */
export class ProxyProblems {
  readonly cell: Cell<readonly ProxyProblem[]> = new Cell<readonly ProxyProblem[]>([]);
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  report(what: string, error: unknown): void {
    const reason = messageOf(error);
    const known = this.cell.value.find((problem) => problem.what === what);
    if (known?.reason === reason) return;
    this.cell.set([...this.cell.value.filter((problem) => problem !== known), { what, reason }]);
    this.#log.error('something in the proxy failed', { what, reason });
  }

  clear(what: string): void {
    if (!this.cell.value.some((problem) => problem.what === what)) return;
    this.cell.set(this.cell.value.filter((problem) => problem.what !== what));
    this.#log.info('something in the proxy works again', { what });
  }
}
