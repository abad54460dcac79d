/** What is wrong now with a service's view of the mesh, for readiness, for people, and for the code of an error. */

import { ApiError } from '../api/index.ts';
import { Cell, type Log, messageOf } from '../base/index.ts';
import type { ConnectErrorCode } from './errors.ts';

export interface Problem {
  /** `roots`, `certificate`, `intentions`, `instances of api`, … */
  readonly what: string;
  /** What is wrong and what to do, for people. */
  readonly reason: string;
  readonly code: ConnectErrorCode;
}

/** Says in the log once when something goes wrong and once when it is well again. */
export class Problems {
  readonly cell: Cell<readonly Problem[]> = new Cell<readonly Problem[]>([]);
  readonly #log: Log;

  constructor(log: Log) {
    this.#log = log;
  }

  report(problem: Problem): void {
    const known = this.cell.value.find(({ what }) => what === problem.what);
    if (known?.reason === problem.reason) return;
    this.cell.set([...this.cell.value.filter((other) => other !== known), problem]);
    const { what, reason, code } = problem;
    if (known?.code !== code) this.#log.warn('something needed from the agent is missing', { what, reason, code });
  }

  /** What is known of an agent that gave no answer. */
  reportFailure(what: string, error: unknown): void {
    this.report({ what, reason: messageOf(error), code: codeOfFailure(error) });
  }

  clear(what: string): void {
    if (!this.cell.value.some((problem) => problem.what === what)) return;
    this.cell.set(this.cell.value.filter((problem) => problem.what !== what));
    this.#log.info('something that was missing is there again', { what });
  }
}

function codeOfFailure(error: unknown): ConnectErrorCode {
  return error instanceof ApiError && error.code === 'TOKEN_REFUSED' ? 'TOKEN_REFUSED' : 'AGENT_UNREACHABLE';
}
