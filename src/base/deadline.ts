/** A timer for one connection: as cheap as Node's own, unreferenced, so that it never keeps a process alive. */
export interface Deadline {
  cancel(): void;
}

/** Calls `expire` after `ms` milliseconds, unless cancelled first. */
export function startDeadline(ms: number, expire: () => void): Deadline {
  const timer = setTimeout(expire, ms);
  timer.unref();
  return { cancel: () => clearTimeout(timer) };
}
