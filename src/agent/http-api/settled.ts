import type { Store } from '../state/store.ts';

/** What `read` finds, once all that it may have seen is on disk. */
export async function readSettled<T>(store: Store, read: () => T): Promise<T> {
  for (;;) {
    const found = read();
    if (await isOnDisk(store)) return found;
  }
}

/** Resolves when what is visible now has met its fate: false when the disk refused it, and it has been undone. */
export async function isOnDisk(store: Store): Promise<boolean> {
  try {
    await store.settled();
    return true;
  } catch {
    return false;
  }
}
