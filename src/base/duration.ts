/** Durations as Go writes them (`1h30m`, `1.5s`, `250ms`); in this program they are milliseconds. */

const unit: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Characters. No duration that means anything is longer, and a pattern on a text without end could cost minutes. */
const longest = 200;

/**
 * Milliseconds, or undefined when `text` is no Go duration. A number needs its unit; `0` alone is zero. May be negative.
 * Source: Go, time.ParseDuration.
 */
export function parseDuration(text: string): number | undefined {
  if (text.length > longest) return undefined;
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (rest === '0') return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let total = 0;
  for (const [, count, suffix = ''] of rest.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(count) * (unit[suffix] ?? Number.NaN);
  }
  return sign === '-' ? -total : total;
}

/** As Go prints it: `72h0m0s`, `1m30s`, `1.5s`, `250ms`, `0s`. Source: Go, Duration.String. */
export function formatDuration(ms: number): string {
  if (ms < 0) return `-${formatDuration(-ms)}`;
  if (ms === 0) return '0s';
  if (ms < 1_000) return ms >= 1 ? `${trim(ms)}ms` : ms >= 1e-3 ? `${trim(ms * 1e3)}µs` : `${trim(ms * 1e6)}ns`;
  const hours = Math.floor(ms / 3_600_000);
  const minutes = Math.floor((ms % 3_600_000) / 60_000);
  const seconds = trim((ms % 60_000) / 1_000);
  if (hours > 0) return `${hours}h${minutes}m${seconds}s`;
  return minutes > 0 ? `${minutes}m${seconds}s` : `${seconds}s`;
}

function trim(value: number): string {
  return String(Number(value.toFixed(9)));
}
