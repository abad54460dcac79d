import { readFileSync } from 'node:fs';
import type { Difference } from './compare.ts';

/** A difference that is meant to be: its reason is in docs/compatibility.md. */
export interface Accepted {
  /** The heading there. */
  readonly id: string;
  readonly exchanges: readonly number[] | 'all';
  readonly place: RegExp;
}

interface Compared {
  readonly exchange: { readonly name: string; readonly number: number };
  readonly differences: readonly Difference[];
}

/** Every other difference, as a line for people. */
export function unexpected(outcomes: readonly Compared[], accepted: readonly Accepted[]): string[] {
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

/** Those that docs/compatibility.md does not explain. */
export function unexplained(accepted: readonly { readonly id: string }[]): string[] {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');
  return accepted.map(({ id }) => id).filter((id) => !page.includes(`| \`${id}\` |`));
}
