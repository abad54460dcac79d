import { readFileSync, statSync } from 'node:fs';

/**
 * Reads a small file when asked, and again only when it has changed. Throws while it was never readable; later failures leave the
 * last content in use, because a file that is being replaced may be away for a moment.
 */
export function watchedFile<T>(path: string, parse: (text: string) => T): () => T {
  let last: { readonly value: T; readonly stamp: string } | undefined;
  return () => {
    try {
      const { mtimeMs, size, ino } = statSync(path);
      const stamp = `${mtimeMs} ${size} ${ino}`;
      if (last?.stamp !== stamp) last = { value: parse(readFileSync(path, 'utf8')), stamp };
    } catch (error) {
      if (!last) throw error;
    }
    return last.value;
  };
}
