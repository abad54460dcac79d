import type { Store } from '../state/store.ts';

/** What `read` finds, once it is sure to survive: read again when the disk refused what was seen. */
export async function readOnDisk<T>(store: Store, read: () => T): Promise<T> {
  for (;;) {
    const found = read();
    const settled = store.settled();
    if (settled === undefined) return found;
    const isOnDisk = await settled.then(
      () => true,
      () => false,
    );
    if (isOnDisk) return found;
  }
}
