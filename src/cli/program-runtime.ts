/** The runtime of a command that stays: log lines on standard output, and metrics to be read. */

import { createLog, createMetrics, type ProgramLog, type PrometheusMetrics } from '../admin/index.ts';
import { type LogLevel, type Runtime, systemClock } from '../base/index.ts';

export interface ProgramRuntime extends Runtime {
  readonly log: ProgramLog;
  readonly metrics: PrometheusMetrics;
}

export interface ProgramRuntimeOptions {
  readonly level: LogLevel;
  /** Default: lines for people on a terminal, JSON when piped. */
  readonly json: boolean | undefined;
  readonly hasColours: boolean;
}

export function createProgramRuntime({ level, json, hasColours }: ProgramRuntimeOptions): ProgramRuntime {
  return {
    clock: systemClock,
    log: createLog({ level, json: json ?? !process.stdout.isTTY, colours: hasColours }),
    metrics: createMetrics(),
    random: Math.random,
  };
}
