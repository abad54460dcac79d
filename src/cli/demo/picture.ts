/** The way of one request through the mesh, drawn with characters. */

import type { Paint } from '../paint.ts';

export interface Picture {
  readonly stations: readonly Station[];
  /** Between each station and the next. */
  readonly legs: readonly Leg[];
}

export interface Station {
  readonly title: string;
  readonly lines: readonly string[];
}

export interface Leg {
  /** Whether it goes over mutual TLS. */
  readonly isEncrypted: boolean;
  readonly lines: readonly string[];
}

const indent = '  ';
const arrowColumn = 4;

export function drawPicture({ stations, legs }: Picture, paint: Paint): string {
  const width = Math.max(
    ...stations.flatMap(({ title, lines }) => [title.length + 4, ...lines.map((line) => line.length + 2)]),
  );
  return stations
    .flatMap((station, at) => {
      const leg = legs[at];
      return [...drawStation(station, width, paint), ...(leg && at < stations.length - 1 ? drawLeg(leg, paint) : [])];
    })
    .join('\n');
}

function drawStation({ title, lines }: Station, width: number, paint: Paint): string[] {
  const top = `┌─ ${paint('bold', title)} ${'─'.repeat(Math.max(0, width - title.length - 3))}┐`;
  const middle = lines.map((line) => `│ ${line.padEnd(width - 2)} │`);
  return [top, ...middle, `└${'─'.repeat(width)}┘`].map((line) => indent + line);
}

function drawLeg({ isEncrypted, lines }: Leg, paint: Paint): string[] {
  const bar = isEncrypted ? paint('green', '║') : '│';
  const tip = isEncrypted ? paint('green', '▼') : '▼';
  const space = indent + ' '.repeat(arrowColumn);
  return [...lines.map((line) => `${space}${bar}  ${line}`), `${space}${tip}`];
}

/** `0.42 ms`, `12.3 ms`, `1.30 s` */
export function formatTime(ms: number): string {
  if (ms >= 1_000) return `${(ms / 1_000).toFixed(2)} s`;
  return `${ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`;
}
