/** Milliseconds to wait after the nth failure in a row, counted from 1. */
export type Backoff = (failures: number) => number;

/** Doubles from `first` to `ceiling`, then takes a random point of the upper half, so that many clients spread out. */
export function exponentialBackoff(first: number, ceiling: number, random: () => number): Backoff {
  return (failures) => {
    const full = Math.min(ceiling, first * 2 ** Math.min(failures - 1, 30));
    return full / 2 + (full / 2) * random();
  };
}
