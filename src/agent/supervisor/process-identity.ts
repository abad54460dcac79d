/** Which process a process ID stands for: IDs are used again, so the ID alone says nothing about a process that was started earlier. */

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** The same for as long as the process runs, and never again for another. Undefined when none runs, or none that can be looked at. */
export function identityOf(pid: number): string | undefined {
  try {
    return existsSync('/proc/self/stat') ? fromProc(pid) : fromPs(pid);
  } catch {
    return undefined;
  }
}

export interface ProcessStatus {
  /** One letter; `Z` has ended and waits for its parent to notice. */
  readonly state: string;
  /** The process ID of the one that leads it. */
  readonly group: number;
  readonly session: number;
  /** In ticks since the machine was started. */
  readonly startTime: string;
}

/** Source: proc(5), `/proc/pid/stat`. The name in parentheses may hold anything, parentheses too. */
export function parseStatus(stat: string): ProcessStatus {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', group: Number(fields[2]), session: Number(fields[3]), startTime: fields[19] ?? '' };
}

function fromProc(pid: number): string | undefined {
  const { state, startTime } = parseStatus(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  if (state === 'Z' || state === 'X') return undefined;
  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return `${boot} ${startTime}`;
}

/** Where there is no `/proc`: by the second in which it was started. */
function fromPs(pid: number): string | undefined {
  const line = execFileSync('/bin/ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  const [, state = '', started = ''] = /^(\S+)\s+(.+)$/.exec(line) ?? [];
  return started === '' || state.startsWith('Z') ? undefined : started;
}
