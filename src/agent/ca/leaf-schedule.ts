/**
 * When a leaf is renewed or dropped, decided from nothing but the clock's time now: it is asked again and again, so that a clock that jumps,
 * or a machine that slept, is noticed at the next question.
 */

const second = 1_000;
const hour = 3_600_000;

/** A leaf that nobody has asked for in this time is dropped. */
const longestIdle = 72 * hour;

/** After a root rotation leafs are renewed spread over this time, and a renewal that failed is tried once in each further one. */
const jitterWindow = 30 * second;

/** Instants are milliseconds since the epoch; each `chance` was drawn from [0, 1). */
export interface LeafTimes {
  readonly notBefore: number;
  readonly notAfter: number;
  /** Of the root that signed it. */
  readonly rootId: string;
  /** Where in its window this leaf is renewed, so that those issued together are not renewed together. */
  readonly chance: number;
  readonly lastAsked: number;
  /** Somebody waits for its successor right now. */
  readonly isWatched: boolean;
  readonly failing?: { readonly since: number; readonly count: number; readonly chance: number };
}

export interface ActiveRoot {
  readonly id: string;
  /** When it became active. */
  readonly since: number;
}

export type Step =
  | { readonly kind: 'renew' }
  | { readonly kind: 'drop' }
  | { readonly kind: 'wait'; readonly until: number };

export function nextStep(leaf: LeafTimes, root: ActiveRoot, now: number): Step {
  const dropAt = leaf.isWatched ? Number.POSITIVE_INFINITY : leaf.lastAsked + longestIdle;
  if (now > dropAt) return { kind: 'drop' };
  const renewAt = Math.max(renewalOf(leaf, root, now), retryOf(leaf, now));
  return now >= renewAt ? { kind: 'renew' } : { kind: 'wait', until: Math.min(renewAt, dropAt) };
}

/** Whether peers accept it by the clock's time now. */
export function isLive({ notBefore, notAfter }: Pick<LeafTimes, 'notBefore' | 'notAfter'>, now: number): boolean {
  return now >= notBefore && now < notAfter;
}

/** Between 60 and 90 % of its life; at once when it can't be used; soon when its root is no longer the active one. */
function renewalOf(leaf: LeafTimes, root: ActiveRoot, now: number): number {
  if (!isLive(leaf, now)) return now;
  const life = leaf.notAfter - leaf.notBefore;
  const byAge = leaf.notBefore + life * (0.6 + 0.3 * leaf.chance);
  if (leaf.rootId === root.id) return byAge;
  return Math.min(byAge, afterJitter(root.since, leaf.chance, now));
}

function retryOf({ failing }: LeafTimes, now: number): number {
  if (failing === undefined) return now;
  return afterJitter(failing.since, failing.count + failing.chance, now);
}

/** A start that seems to lie ahead means that the clock was set back: nothing is waited for then. */
function afterJitter(since: number, windows: number, now: number): number {
  return since > now ? now : since + jitterWindow * windows;
}
