export interface SummaryLine {
  readonly label: string;
  readonly value: string;
}

/** What a program says when it starts, as Consul's programs do: labels to the right, so that the colons stand in one column. */
export function formatSummary(lines: readonly SummaryLine[]): string {
  const width = Math.max(22, ...lines.map(({ label }) => label.length + 4));
  return lines.map(({ label, value }) => `${label.padStart(width)}: ${value}`).join('\n');
}
