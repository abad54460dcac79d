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

/** Every other difference, as a line for people; and whatever is accepted but not there. */
export function unexpected(outcomes: readonly Compared[], accepted: readonly Accepted[]): string[] {
  const seen = new Set<Accepted>();
  const others = outcomes.flatMap(({ exchange, differences }) =>
    differences
      .filter(({ place }) => {
        const known = accepted.filter((one) => fits(one, exchange.number, place));
        for (const one of known) seen.add(one);
        return known.length === 0;
      })
      .map(({ place, recorded, ours }) => `${exchange.name}: ${place}: recorded ${recorded}, ours ${ours}`),
  );
  const idle = accepted.filter((one) => !seen.has(one)).map(({ id, place }) => `${id}: no difference at ${place}`);
  return [...others, ...idle];
}

function fits({ exchanges, place: pattern }: Accepted, number: number, place: string): boolean {
  return (exchanges === 'all' || exchanges.includes(number)) && pattern.test(place);
}

/** Those that docs/compatibility.md does not explain. */
export function unexplained(accepted: readonly { readonly id: string }[]): string[] {
  const page = readFileSync(new URL('../../../docs/compatibility.md', import.meta.url), 'utf8');
  return accepted.map(({ id }) => id).filter((id) => !page.includes(`| \`${id}\` |`));
}
