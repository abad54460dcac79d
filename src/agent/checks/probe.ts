import type { CheckDefinition, CheckStatus } from '../state/tables.ts';

export interface ProbeResult {
  readonly status: CheckStatus;
  readonly output: string;
}

/** Asks once how a service is. Never rejects; when `signal` aborts it gives up and says that the time ran out. */
export type Probe = (definition: CheckDefinition, signal: AbortSignal) => Promise<ProbeResult>;
