/** Thousands of blocked queries on one agent, from a process of their own. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Closable } from '../../base/index.ts';
import type { Order, Report } from './watchers.ts';

export interface Crowd extends Closable {
  /** How many answers have come since the queries were sent. */
  countAnswers(): Promise<number>;
  /** Resolves when each query has its answer. */
  allAnswered(): Promise<Extract<Report, { kind: 'answered' }>>;
}

/** Resolves when `count` queries on `path` are with the agent and wait. */
export async function startCrowd(port: number, path: string, count: number): Promise<Crowd> {
  const program = fileURLToPath(new URL('./watchers.ts', import.meta.url));
  const child = fork(program, [String(port), path, String(count)]);
  const { index } = await nextReport(child, 'open');
  child.send({ kind: 'ask', index } satisfies Order);
  await nextReport(child, 'asked');
  // What is written to other connections before this request is read before it.
  await fetch(`http://127.0.0.1:${port}/v1/status/leader`).then((answer) => answer.text());
  const answered = nextReport(child, 'answered');
  answered.catch(() => undefined);
  const close = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return {
    countAnswers: async () => {
      const report = nextReport(child, 'counted');
      child.send({ kind: 'count' } satisfies Order);
      return (await report).answers;
    },
    allAnswered: () => answered,
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function nextReport<K extends Report['kind']>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<Report, { kind: K }>> {
  const gone = new AbortController();
  const ended = once(child, 'exit', { signal: gone.signal }).then(() => {
    throw new Error('the process with the queries ended');
  });
  try {
    for (;;) {
      const [report] = (await Promise.race([once(child, 'message'), ended])) as [Report];
      if (report.kind === kind) return report as Extract<Report, { kind: K }>;
    }
  } finally {
    gone.abort();
    ended.catch(() => undefined);
  }
}
