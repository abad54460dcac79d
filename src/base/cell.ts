/** A value and its changes, for one writer and any number of readers in this process. */
export class Cell<T> {
  #value: T;
  readonly #listeners = new Set<(value: T) => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  /** Setting the value that is there already tells nobody. */
  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener(value);
  }

  /** Calls `listener` now and at each change, until the returned function is called or `signal` aborts. */
  subscribe(listener: (value: T) => void, signal?: AbortSignal): () => void {
    const stop = (): void => {
      this.#listeners.delete(listener);
      signal?.removeEventListener('abort', stop);
    };
    if (signal?.aborted) return stop;
    this.#listeners.add(listener);
    signal?.addEventListener('abort', stop, { once: true });
    listener(this.#value);
    return stop;
  }

  /** The first value, now or later, that `accept` takes. Rejects with the signal's reason when it aborts first. */
  until<U extends T>(accept: (value: T) => value is U, signal?: AbortSignal): Promise<U>;
  until(accept: (value: T) => boolean, signal?: AbortSignal): Promise<T>;
  until(accept: (value: T) => boolean, signal?: AbortSignal): Promise<T> {
    if (accept(this.#value)) return Promise.resolve(this.#value);
    return new Promise((resolve, reject) => {
      const listener = (value: T): void => {
        if (!accept(value)) return;
        finish();
        resolve(value);
      };
      const abort = (): void => {
        finish();
        reject(signal?.reason);
      };
      const finish = (): void => {
        this.#listeners.delete(listener);
        signal?.removeEventListener('abort', abort);
      };
      if (signal?.aborted) return reject(signal.reason);
      this.#listeners.add(listener);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
