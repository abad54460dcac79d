/**
 * A process with thousands of blocked queries, each on a connection of its own, told over its channel what to do.
 *
 *   node watchers.ts <port> <path> <count>
 */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export type Order =
  /** Send the query with this index on every connection. */
  { readonly kind: 'ask'; readonly index: string } | { readonly kind: 'count' };

export type Report =
  /** All connections are open, and each had an answer without waiting. */
  | { readonly kind: 'open'; readonly index: string }
  /** All queries are on their way. */
  | { readonly kind: 'asked' }
  | { readonly kind: 'counted'; readonly answers: number }
  /** Each query has its answer, with one of these indexes; the last came at `at`, in milliseconds since the epoch. */
  | { readonly kind: 'answered'; readonly indexes: readonly string[]; readonly at: number };

const [port = '', path = '', count = ''] = process.argv.slice(2);

class Watcher {
  readonly #socket: Socket;
  #text = '';
  #onAnswer: (index: string) => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('latin1').on('data', (chunk: string) => this.#take(chunk));
    socket.on('error', (error) => fail(`a connection broke: ${error.message}`));
    socket.on('close', () => fail('a connection was closed'));
  }

  /** Calls `onAnswer` once for each answer that comes, wanted or not. */
  ask(index: string, onAnswer: (index: string) => void): void {
    this.#onAnswer = onAnswer;
    this.#socket.write(`GET ${path}?index=${index}&wait=10m HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  }

  #take(chunk: string): void {
    this.#text += chunk;
    const end = this.#text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = this.#text.slice(0, end);
    const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
    if (this.#text.length < end + 4 + length) return;
    this.#text = this.#text.slice(end + 4 + length);
    if (!head.startsWith('HTTP/1.1 200 ')) fail(head);
    this.#onAnswer(/^x-consul-index: (\d+)/im.exec(head)?.[1] ?? '');
  }
}

const watchers: Watcher[] = [];
let first = '0';
while (watchers.length < Number(count)) {
  const some = await Promise.all(Array.from({ length: Math.min(200, Number(count) - watchers.length) }, openOne));
  watchers.push(...some);
}
tell({ kind: 'open', index: first });

let answers = 0;
const indexes = new Set<string>();
process.on('message', (order: Order) => {
  if (order.kind === 'count') tell({ kind: 'counted', answers });
  else ask(order.index);
});
process.on('disconnect', () => process.exit());

function ask(index: string): void {
  for (const watcher of watchers) {
    watcher.ask(index, (seen) => {
      answers += 1;
      indexes.add(seen);
      const at = performance.timeOrigin + performance.now();
      if (answers === watchers.length) tell({ kind: 'answered', indexes: [...indexes], at });
    });
  }
  tell({ kind: 'asked' });
}

async function openOne(): Promise<Watcher> {
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  const watcher = new Watcher(socket);
  first = await new Promise<string>((resolve) => watcher.ask('0', resolve));
  return watcher;
}

function tell(report: Report): void {
  process.send?.(report);
}

function fail(why: string): never {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}
