import { inspect } from 'node:util';

/** A private key or token on its way through the program. Prints as nothing of itself, wherever it ends up. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Call it where it is used, and keep the result nowhere. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }
}

// Set here and not in the class: a computed member name can't be typed without the whole program.
Object.defineProperty(Secret.prototype, inspect.custom, { value: () => '[secret]' });
