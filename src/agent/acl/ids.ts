import { InputError } from '../../base/index.ts';
import { reservedIds } from './builtin.ts';

/** Why `id` can name nothing, in the words of Consul's lookup; undefined when it can. */
export function problemOfId(id: string): string | undefined {
  if (id.length !== 36) return 'index error: UUID must be 36 characters';
  return isUuid(id) ? undefined : 'index error: not a UUID';
}

export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text);
}

/** Throws an InputError; `what` such as `SecretID`. */
export function refuseReserved(id: string): void {
  if (id.startsWith(reservedIds))
    throw new InputError('', `Invalid Token: UUIDs with the prefix ${JSON.stringify(reservedIds)} are reserved`);
}
