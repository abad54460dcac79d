/** Which instance to dial next. Pure but for the random numbers that it is given. */

import type { Instance } from './state.ts';

export interface Load {
  /** Connections that are open to the instance. */
  open(instance: Instance): number;
  /** Failed a moment ago: tried only when nothing better is left. */
  hasFailed(instance: Instance): boolean;
}

/**
 * Draws two of `candidates` by weight and takes the one with fewer open connections for its weight. Undefined when there is none.
 * Two draws spread nearly as well as looking at all, and no crowd runs to the one instance that is empty.
 */
export function chooseInstance(
  candidates: readonly Instance[],
  load: Load,
  random: () => number,
): Instance | undefined {
  const healthy = candidates.filter((instance) => !load.hasFailed(instance));
  const pool = healthy.length > 0 ? healthy : candidates;
  const [first, second] = [draw(pool, random), draw(pool, random)];
  if (first === undefined || second === undefined) return first;
  return pressure(second, load) < pressure(first, load) ? second : first;
}

function draw(pool: readonly Instance[], random: () => number): Instance | undefined {
  let point = random() * pool.reduce((sum, { weight }) => sum + weightOf(weight), 0);
  for (const instance of pool) {
    point -= weightOf(instance.weight);
    if (point < 0) return instance;
  }
  return pool.at(-1);
}

function pressure(instance: Instance, load: Load): number {
  return load.open(instance) / weightOf(instance.weight);
}

/** A weight of zero is still an instance: as good as nothing, but not nothing. */
function weightOf(weight: number): number {
  return Math.max(weight, 0.001);
}
