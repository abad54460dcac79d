/** Milliseconds since the epoch as RFC 3339, with the nine digits that Consul's times have. */
export function formatInstant(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace('Z', '000000Z');
}
