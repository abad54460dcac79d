/** Which instance next? Two at random by weight, and of these the one with less to do: near the best choice, at the cost of none. */

import type { Instance } from './state.ts';

/** `openOf`: connections that are open to an instance now. Undefined when there is none left. */
export function pickInstance(
  instances: readonly Instance[],
  openOf: (instance: Instance) => number,
  random: () => number,
): Instance | undefined {
  const first = drawByWeight(instances, random);
  const second = drawByWeight(
    instances.filter((other) => other !== first),
    random,
  );
  if (first === undefined || second === undefined) return first;
  return loadOf(second, openOf) < loadOf(first, openOf) ? second : first;
}

/** An instance without weight is drawn only when there is no other. */
function drawByWeight(instances: readonly Instance[], random: () => number): Instance | undefined {
  const total = instances.reduce((sum, { weight }) => sum + Math.max(0, weight), 0);
  if (total === 0) return instances[Math.floor(random() * instances.length)];
  let left = random() * total;
  for (const instance of instances) {
    left -= Math.max(0, instance.weight);
    if (left < 0) return instance;
  }
  return instances.at(-1);
}

function loadOf(instance: Instance, openOf: (instance: Instance) => number): number {
  return (openOf(instance) + 1) / Math.max(1, instance.weight);
}
