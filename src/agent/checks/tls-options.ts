import { isIP } from 'node:net';
import type { CheckDefinition } from '../state/tables.ts';

/** How a check's TLS connection to `host` is verified. */
export interface CheckTlsOptions {
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
}

export function tlsOptionsOf({ tlsSkipVerify, tlsServerName }: CheckDefinition, host: string): CheckTlsOptions {
  const name = tlsServerName || host;
  return { rejectUnauthorized: tlsSkipVerify !== true, ...(isIP(name) === 0 ? { servername: name } : {}) };
}
