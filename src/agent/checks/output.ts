import type { CheckDefinition } from '../state/tables.ts';

const usualOutputLimit = 4_096;
const largestOutputLimit = 64 * 1_024;

/** How many bytes of output a check keeps. Not more than 64 KiB, whatever it asks for: all of it is in memory, and in every answer. */
export function outputLimitOf({ outputMaxSize }: CheckDefinition): number {
  return Math.min(outputMaxSize || usualOutputLimit, largestOutputLimit);
}

/** What of a check's output is kept, in bytes of UTF-8, with a word about the rest. */
export function limitOutput(output: string, limit: number = usualOutputLimit): string {
  const bytes = Buffer.from(output);
  return bytes.length <= limit ? output : describeCut(bytes.subarray(0, limit), bytes.length);
}

/** For output that was cut while it was read, of `total` bytes. */
export function describeCut(kept: Buffer, total: number): string {
  return `${kept.toString()} ... (captured ${kept.length} of ${total} bytes)`;
}
