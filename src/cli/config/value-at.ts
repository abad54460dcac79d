import { isObject, type JsonObject } from './kinds.ts';

/** The value at `ports.http`; undefined where there is none. */
export function valueAt(values: JsonObject, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>(
      (value, name) => (isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined),
      values,
    );
}
