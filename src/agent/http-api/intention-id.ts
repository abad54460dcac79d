/** A random UUID, version 4. `random` is uniform in [0, 1). */
export function newId(random: () => number): string {
  const bytes = Buffer.from(Array.from({ length: 16 }, () => Math.floor(random() * 256)));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Why `id` can be no intention's, in the words of Consul's lookup; undefined when it can. */
export function problemOfId(id: string): string | undefined {
  if (id.length !== 36) return 'failed config entry lookup: index error: UUID must be 36 characters';
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)) return undefined;
  return 'failed config entry lookup: index error: not a UUID';
}
