import type { Store } from '../state/store.ts';

/** What `read` finds, once all that it may have seen is on disk. */
export async function readSettled<T>(store: Store, read: () => T): Promise<T> {
  for (;;) {
    const found = read();
    const settled = store.settled();
    if (settled === undefined) return found;
    try {
      await settled;
      return found;
    } catch {
      // What was visible has been undone: look again.
    }
  }
}
