/** What a client reads in a recorded answer and would miss in ours: members that are absent, or of another type. More members are welcome. */

import { type Difference, isObject } from './compare.ts';

/** Members that hold what users put there: absent where they put nothing. */
const free = /(^|\.)(DebugConfig|Description|Meta|NodeMeta|ServiceMeta|TaggedAddresses|Tags|Proxy\.Config|Definition)$/;

/** `keyed`: the answer is a map by names or IDs, each entry of the same form. */
export function lacking(recorded: unknown, ours: unknown, keyed: boolean): Difference[] {
  return keyed ? inEach(Object.values(recorded ?? {}), Object.values(ours ?? {}), '*') : inValue(recorded, ours, '');
}

function inValue(recorded: unknown, ours: unknown, place: string): Difference[] {
  if (recorded === null) return []; // says nothing of its type
  if (ours === undefined && free.test(place)) return [];
  if (kindOf(recorded) !== kindOf(ours)) return different(recorded, ours, place);
  if (Array.isArray(recorded) && Array.isArray(ours)) return inEach(recorded, ours, `${place}[]`);
  if (!isObject(recorded) || !isObject(ours) || free.test(place)) return [];
  return Object.keys(recorded).flatMap((key) =>
    inValue(recorded[key], ours[key], place === '' ? key : `${place}.${key}`),
  );
}

/** Each of ours beside that of theirs which is most like it: some have members that others of the same kind lack. */
function inEach(recorded: readonly unknown[], ours: readonly unknown[], place: string): Difference[] {
  if (recorded.length === 0) return [];
  return ours.flatMap((value) => {
    const found = recorded.map((example) => inValue(example, value, place));
    return found.reduce((least, differences) => (differences.length < least.length ? differences : least));
  });
}

function different(recorded: unknown, ours: unknown, place: string): Difference[] {
  return [{ place: place || 'body', recorded: kindOf(recorded), ours: kindOf(ours) }];
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'absent';
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
