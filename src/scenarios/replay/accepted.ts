import type { Outcome } from './replay.ts';

/** A difference that is meant to be: its reason is in docs/compatibility.md. */
export interface Accepted {
  /** The heading there. */
  readonly id: string;
  readonly exchanges: readonly number[] | 'all';
  readonly place: RegExp;
}

/** Every other difference, as a line for people. */
export function unexpected(outcomes: readonly Outcome[], accepted: readonly Accepted[]): string[] {
  return outcomes.flatMap(({ exchange, differences }) =>
    differences
      .filter(
        ({ place }) =>
          !accepted.some(
            (known) =>
              (known.exchanges === 'all' || known.exchanges.includes(exchange.number)) && known.place.test(place),
          ),
      )
      .map(({ place, recorded, ours }) => `${exchange.name}: ${place}: recorded ${recorded}, ours ${ours}`),
  );
}
