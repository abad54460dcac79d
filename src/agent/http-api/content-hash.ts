import { createHash } from 'node:crypto';

/** 64 bits in hexadecimal without leading zeros, the same for the same answer. */
export function hashOf(value: object): string {
  const digest = createHash('sha256').update(JSON.stringify(value)).digest();
  return digest.readBigUInt64BE().toString(16);
}
