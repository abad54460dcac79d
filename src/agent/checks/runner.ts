/** One check while it runs: what it waits for and what it reports. */

import type { Runtime } from '../../base/index.ts';
import type { CheckDefinition, CheckRow } from '../state/tables.ts';
import { probeGrpc } from './grpc.ts';
import { probeH2Ping } from './h2ping.ts';
import { probeHttp } from './http.ts';
import type { Probe } from './probe.ts';
import { withResult } from './result.ts';
import { probeScript, usualScriptTimeout } from './script.ts';
import { probeTcp } from './tcp.ts';
import { judge, noStreak } from './thresholds.ts';
import { lapsed, timeLeft } from './ttl.ts';
import { probeUdp } from './udp.ts';

/** The check as the store has it. */
export interface CheckSlot {
  /** Undefined when it is gone. */
  read(): CheckRow | undefined;
  /** Stores what `change` makes of the row; nothing when it is gone or the same. Resolves when it is on disk, never rejects. */
  change(change: (row: CheckRow) => CheckRow): Promise<void>;
}

const shortestInterval = 1_000;
const usualTimeout = 10_000;
/** What one timer can wait for. */
const longestSleep = 2 ** 31 - 1;

const probes: Readonly<Partial<Record<CheckDefinition['type'], Probe>>> = {
  http: probeHttp,
  tcp: probeTcp,
  grpc: probeGrpc,
  h2ping: probeH2Ping,
  udp: probeUdp,
  script: probeScript,
};

/** Whether a check of this kind has something to do; aliases and maintenance follow from the rows alone. */
export function isRun({ type }: CheckDefinition): boolean {
  return type === 'ttl' || probes[type] !== undefined;
}

/** Until `signal` aborts. Never rejects. */
export async function runCheck(
  definition: CheckDefinition,
  slot: CheckSlot,
  runtime: Pick<Runtime, 'clock' | 'random'>,
  signal: AbortSignal,
): Promise<void> {
  const probe = probes[definition.type];
  if (probe !== undefined) await runAtIntervals(probe, definition, slot, runtime, signal);
  else if (definition.type === 'ttl') await runTtl(definition, slot, runtime, signal);
}

async function runAtIntervals(
  probe: Probe,
  definition: CheckDefinition,
  slot: CheckSlot,
  { clock, random }: Pick<Runtime, 'clock' | 'random'>,
  signal: AbortSignal,
): Promise<void> {
  const interval = Math.min(Math.max(definition.interval ?? 0, shortestInterval), longestSleep);
  let streak = noStreak;
  await clock.sleep(random() * interval, signal); // so that checks registered together don't run together
  while (!signal.aborted) {
    const { status: found, output } = await probeInTime(probe, definition, clock, signal);
    if (signal.aborted) return;
    const { streak: next, status } = judge(found, streak, definition);
    streak = next;
    if (status !== undefined) await slot.change((row) => withResult(row, status, output));
    await clock.sleep(interval, signal);
  }
}

async function probeInTime(
  probe: Probe,
  definition: CheckDefinition,
  clock: Runtime['clock'],
  signal: AbortSignal,
): ReturnType<Probe> {
  const timeUp = new AbortController();
  const done = new AbortController();
  const usual = definition.type === 'script' ? usualScriptTimeout : usualTimeout;
  const timeout = Math.min(definition.timeout || usual, longestSleep);
  void clock.sleep(timeout, done.signal).then(() => timeUp.abort());
  try {
    return await probe(definition, AbortSignal.any([signal, timeUp.signal]));
  } finally {
    done.abort();
  }
}

async function runTtl(
  { ttl = 0 }: CheckDefinition,
  slot: CheckSlot,
  { clock }: Pick<Runtime, 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  const now = clock.now();
  const row = slot.read();
  // What was alive when the agent stopped gets its whole time again: its service could not be heard meanwhile.
  let left = row !== undefined && timeLeft(row, now) > 0 ? ttl : 0;
  while (!signal.aborted) {
    if (left > 0) await clock.sleep(Math.min(left, longestSleep), signal);
    const current = slot.read();
    if (signal.aborted || current === undefined) return;
    left = timeLeft(current, clock.now());
    if (left > 0) continue;
    await slot.change((row) => (timeLeft(row, clock.now()) > 0 ? row : lapsed(row)));
    left = ttl; // heard from meanwhile, it is looked at again before it can lapse
  }
}
