/** How several files, flags and texts become one configuration, as Consul does it. */

import { isObject, type JsonObject, type Keys, type Kind } from './kinds.ts';

/** Lists grow at their end, maps and blocks are merged key by key, and of anything else the later one counts. */
export function mergeValues(earlier: JsonObject, later: JsonObject, keys: Keys): JsonObject {
  const merged = Object.entries(later).map(([key, value]) => {
    const before = Object.hasOwn(earlier, key) ? earlier[key] : undefined;
    const kind = Object.hasOwn(keys, key) ? keys[key] : undefined;
    return [key, before === undefined || kind === undefined ? value : mergeByKind(before, value, kind)] as const;
  });
  return { ...earlier, ...Object.fromEntries(merged) };
}

function mergeByKind(earlier: unknown, later: unknown, kind: Kind): unknown {
  if (kind.is === 'list' && Array.isArray(earlier) && Array.isArray(later)) return [...earlier, ...later];
  if (!isObject(earlier) || !isObject(later)) return later;
  if (kind.is === 'map') return { ...earlier, ...later };
  return kind.is === 'object' ? mergeValues(earlier, later, kind.keys) : later;
}
