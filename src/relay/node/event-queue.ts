import type { DataPlaneEvent } from '../data-plane.ts';

/** What must arrive: the control plane acts on it, and each is bounded elsewhere (by listeners, and by questions that run out). */
const kept: ReadonlySet<DataPlaneEvent['kind']> = new Set(['listener bound', 'listener failed', 'question']);

/**
 * Events on their way to one reader who may be slow. Never waits: beyond `capacity`, events about connections are dropped and counted,
 * and an `events lost` event stands where they would have been.
 */
export class EventQueue {
  readonly #capacity: number;
  #waiting: DataPlaneEvent[] = [];
  #lost = 0;
  #ended: boolean = false;
  #wake: (() => void) | undefined;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(event: DataPlaneEvent): void {
    if (this.#ended) return;
    if (this.#waiting.length >= this.#capacity && !kept.has(event.kind)) {
      this.#lost += 1;
      return;
    }
    this.#tellLost();
    this.#waiting.push(event);
    this.#wake?.();
  }

  /** What waits is still delivered. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *read(): AsyncGenerator<DataPlaneEvent, void, undefined> {
    for (;;) {
      this.#tellLost();
      const batch = this.#waiting;
      this.#waiting = [];
      yield* batch;
      if (this.#waiting.length > 0) continue;
      if (this.#ended) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #tellLost(): void {
    if (this.#lost === 0) return;
    this.#waiting.push({ kind: 'events lost', count: this.#lost });
    this.#lost = 0;
  }
}
