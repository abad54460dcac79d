/**
 * A client that writes to an agent without pause, to names of its own, and knows what must be there: what was acknowledged, and of the
 * write that was cut off either all or nothing.
 */

import { AgentClient } from './agent-client.ts';
import type { State, States, Subject, Write } from './subject.ts';

const namesOfEach = 5;

export class Writer {
  readonly #number: number;
  readonly #subjects: readonly Subject[];
  readonly #random: () => number;
  readonly #known = new Map<string, State>();
  #inDoubt: Write | undefined;
  #count = 0;

  constructor(number: number, subjects: readonly Subject[], random: () => number) {
    this.#number = number;
    this.#subjects = subjects;
    this.#random = random;
  }

  get known(): States {
    return this.#known;
  }

  /** Writes until the agent is gone. Rejects when it refuses something. */
  async run(port: number, onAcknowledged: () => void): Promise<void> {
    using client = new AgentClient(port);
    for (;;) {
      const write = await this.#choose(client);
      if (write === undefined) return;
      this.#inDoubt = write;
      if ((await client.ask(write)) === undefined) return;
      this.#note(write);
      this.#inDoubt = undefined;
      onAcknowledged();
    }
  }

  /** Compares with what the agent shows after its restart, which is then what is known. Throws an error that names the loss. */
  verify(shown: ReadonlyMap<string, string>): void {
    const inDoubt = this.#inDoubt;
    if (inDoubt !== undefined && [...inDoubt.after].every(([name, state]) => shown.get(name) === state))
      this.#note(inDoubt);
    this.#inDoubt = undefined;
    for (const [name, state] of this.#known) {
      if (shown.get(name) === state) continue;
      throw new Error(`${name} is ${shown.get(name) ?? 'gone'}, but ${state ?? 'its removal'} had been acknowledged`);
    }
  }

  #note({ after }: Write): void {
    for (const [name, state] of after) this.#known.set(name, state);
  }

  async #choose(client: AgentClient): Promise<Write | undefined> {
    this.#count += 1;
    const name = `w${this.#number}-${Math.floor(this.#random() * namesOfEach)}`;
    const turn = { name, count: this.#count, known: this.#known, random: this.#random, client };
    return await this.#pick().choose(turn);
  }

  #pick(): Subject {
    const shares = this.#subjects.reduce((sum, { share }) => sum + share, 0);
    let left = this.#random() * shares;
    const found = this.#subjects.find(({ share }) => {
      left -= share;
      return left < 0;
    });
    if (found === undefined) throw new Error('nothing to write');
    return found;
  }
}
