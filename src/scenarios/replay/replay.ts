/** Sends recorded exchanges in their order to an agent of ours and collects what a client would notice. */

import { compareBodies, compareHeaders, type Difference } from './compare.ts';
import { type Answer, ask } from './http.ts';
import { StandIns } from './stand-ins.ts';
import type { Exchange } from './transcript.ts';

export interface Script {
  readonly port: number;
  /** Number → why it is left out. */
  readonly skipped: ReadonlyMap<number, string>;
  /** Ports of the recorded agent → those of ours. */
  readonly ports: ReadonlyMap<string, string>;
  /** IDs of the recorded agent that no answer shows → those of ours. */
  readonly ids?: ReadonlyMap<string, string>;
  /** What must have happened before an exchange: a check's first run, say. */
  readonly before?: ReadonlyMap<number, () => Promise<void>>;
  /** The write that ended a recorded wait: sent a second after the exchange, as it was then. */
  readonly during?: ReadonlyMap<number, () => Promise<void>>;
  /** An exchange that was sent while this earlier one was still to come: asked before it, answered in its own place. */
  readonly askedBefore?: ReadonlyMap<number, number>;
}

export interface Outcome {
  readonly exchange: Exchange;
  readonly answer: Answer;
  readonly differences: readonly Difference[];
}

/** Recorded waits longer than this, in seconds, are blocking and not slowness. */
const blocked = 0.9;

export async function replay(exchanges: readonly Exchange[], script: Script): Promise<Outcome[]> {
  const standIns = new StandIns(script.ports, script.ids);
  const outcomes: Outcome[] = [];
  const underWay = new Map<number, Promise<Answer>>();

  for (const exchange of exchanges) {
    if (script.skipped.has(exchange.number)) continue;
    await script.before?.get(exchange.number)?.();
    for (const [later, earlier] of script.askedBefore ?? []) {
      const found = earlier === exchange.number ? exchanges.find(({ number }) => number === later) : undefined;
      if (found) underWay.set(later, send(found, script.port, standIns));
    }
    const answering = underWay.get(exchange.number) ?? send(exchange, script.port, standIns);
    const write = script.during?.get(exchange.number);
    if (write) await stillWaiting(exchange, answering).then(write);
    const answer = await answering;
    outcomes.push({ exchange, answer, differences: compare(exchange, answer, standIns, write !== undefined) });
    standIns.learnHeaders(exchange.request.target, exchange.response.headers, answer.headers);
  }
  return outcomes;
}

function send({ request }: Exchange, port: number, standIns: StandIns): Promise<Answer> {
  const headers: Record<string, string> = { Host: request.headers.get('host') ?? '127.0.0.1:8500' };
  const body = standIns.translate(request.body);
  for (const name of ['x-consul-token', 'authorization', 'content-type']) {
    const value = request.headers.get(name);
    if (value !== undefined) headers[name] = standIns.translate(value);
  }
  if (body !== '') headers['content-length'] = String(Buffer.byteLength(body));
  return ask(port, request.method, standIns.translateTarget(request.target), headers, body);
}

/** The recorder waited a second before its write; an answer within that second is a query that did not block. */
async function stillWaiting(exchange: Exchange, answering: Promise<Answer>): Promise<void> {
  const second = Promise.withResolvers<void>();
  setTimeout(second.resolve, 1_000);
  const early = await Promise.race([second.promise, answering]);
  if (early !== undefined)
    throw new Error(
      `${exchange.name}: answered after ${early.elapsed.toFixed(3)} s, before the write that it waits for`,
    );
}

function compare(exchange: Exchange, answer: Answer, standIns: StandIns, wasWoken: boolean): Difference[] {
  const { response } = exchange;
  const differences = [...compareHeaders(response, answer), ...compareBodies(response, answer, standIns)];
  if (response.status !== answer.status) {
    differences.unshift({
      place: 'status',
      recorded: String(response.status),
      ours: `${answer.status} ${answer.body.slice(0, 200)}`,
    });
  }
  const wait = Number(/[?&]wait=(\d+)s/.exec(exchange.request.target)?.[1] ?? 0);
  const blocks = exchange.elapsed >= Math.min(blocked, wait || blocked) && wait > 0;
  const least = wasWoken ? blocked : wait;
  if (blocks && exchange.elapsed >= wait && answer.elapsed < least) {
    differences.push({ place: 'blocking', recorded: `${exchange.elapsed} s`, ours: `${answer.elapsed.toFixed(3)} s` });
  }
  return differences;
}
