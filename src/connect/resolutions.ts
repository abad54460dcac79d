/** The targets that a service dials, each followed from its first dial on. */

import type { Resolution, ResolveTarget } from './resolver.ts';

/** Beyond so many, the one that was dialled longest ago is no longer followed: every one costs the agent a connection. */
const most = 64;

export class Resolutions {
  readonly #resolve: (target: ResolveTarget) => Resolution;
  /** The one dialled last is the last. */
  readonly #followed = new Map<string, Resolution>();

  constructor(resolve: (target: ResolveTarget) => Resolution) {
    this.#resolve = resolve;
  }

  of(target: ResolveTarget): Resolution {
    const key = JSON.stringify([
      'query' in target,
      'query' in target ? target.query : target.service,
      target.datacenter,
    ]);
    const resolution = this.#followed.get(key) ?? this.#resolve(target);
    this.#followed.delete(key);
    this.#followed.set(key, resolution);
    const [oldest] = this.#followed;
    if (this.#followed.size > most && oldest !== undefined) {
      this.#followed.delete(oldest[0]);
      void oldest[1].close();
    }
    return resolution;
  }
}
