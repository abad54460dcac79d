/** Signals as the long-running commands want them. */

/**
 * Aborts at the first SIGINT or SIGTERM, so that the command drains; the second one ends the process at once, with the exit
 * code that a shell gives for the signal. Nothing is installed before the first call.
 */
export function stopSignal(): AbortSignal {
  stopping ??= watchStopSignals();
  return stopping;
}

let stopping: AbortSignal | undefined;

function watchStopSignals(): AbortSignal {
  const stop = new AbortController();
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
  ] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(128 + number);
      stop.abort();
    });
  }
  return stop.signal;
}

export function onHangup(listener: () => void, signal: AbortSignal): void {
  process.on('SIGHUP', listener);
  signal.addEventListener('abort', () => process.off('SIGHUP', listener), { once: true });
}

/** Resolves when it aborts. */
export function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}
