/** What stands under the keys of one block, as it is collected. A key may come again: blocks and lists add up, of texts and of numbers the last one counts, and mixtures are refused. */

import type { Complain } from './number.ts';

type Shape = 'labelled' | 'list' | 'string' | 'number' | 'boolean';

export class Body {
  readonly #complain: Complain;
  /** A map, because a key may be `__proto__`. */
  readonly #values: Map<string, unknown> = new Map();
  readonly #shapes: Map<string, Shape> = new Map();

  constructor(complain: Complain) {
    this.#complain = complain;
  }

  /** `keys` are a key and the labels after it, one at least. */
  addBlock([key = '', ...labels]: readonly string[], block: object, offset: number): void {
    const inner = labels.reduceRight((body, label) => Object.fromEntries([[label, [body]]]), block);
    this.#append(key, labels.length > 0 ? 'labelled' : 'list', [inner], offset);
  }

  addList([key = '']: readonly string[], members: readonly unknown[], offset: number): void {
    this.#append(key, 'list', members, offset);
  }

  addScalar([key = '']: readonly string[], value: string | number | boolean, offset: number): void {
    this.#settle(key, typeof value as 'string' | 'number' | 'boolean', offset);
    this.#values.set(key, value);
  }

  toObject(): Record<string, unknown> {
    return Object.fromEntries(this.#values);
  }

  #append(key: string, shape: Shape, members: readonly unknown[], offset: number): void {
    this.#settle(key, shape, offset);
    const list = this.#values.get(key);
    if (!Array.isArray(list)) this.#values.set(key, [...members]);
    else for (const member of members) list.push(member);
  }

  #settle(key: string, shape: Shape, offset: number): void {
    const earlier = this.#shapes.get(key);
    if (earlier !== undefined && earlier !== shape)
      throw this.#complain(offset, 'this key was given before, with another kind of value');
    this.#shapes.set(key, shape);
  }
}
