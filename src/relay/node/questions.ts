import type { Decision, Peer } from '../../mtls/index.ts';

interface Question {
  answer(decision: Decision | undefined): void;
}

/** Questions that were put to the control plane and wait for its answer. Whoever asks brings the deadline. */
export class Questions {
  readonly #put: (id: number, peer: Peer) => void;
  readonly #open = new Map<number, Question>();
  #last = 0;

  constructor(put: (id: number, peer: Peer) => void) {
    this.#put = put;
  }

  /** Rejects when no answer can be had, and with the signal's reason when it aborts first. */
  ask(peer: Peer, signal: AbortSignal): Promise<Decision> {
    signal.throwIfAborted();
    this.#last += 1;
    const id = this.#last;
    return new Promise((resolve, reject) => {
      const giveUp = (): void => {
        this.#open.delete(id);
        reject(signal.reason);
      };
      signal.addEventListener('abort', giveUp, { once: true });
      this.#open.set(id, {
        answer: (decision) => {
          signal.removeEventListener('abort', giveUp);
          if (decision === undefined) reject(new Error('nobody could be asked'));
          else resolve(decision);
        },
      });
      this.#put(id, peer);
    });
  }

  /** An answer that comes too late, or twice, is nobody's. */
  answer(id: number, decision: Decision | undefined): void {
    const question = this.#open.get(id);
    this.#open.delete(id);
    question?.answer(decision);
  }
}
