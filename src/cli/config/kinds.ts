/** What the value of a key may be. The tables of keys beside this file are made of it. */

export type Kind = Plain | ObjectKind | ListKind | MapKind;

interface Plain {
  readonly is: 'text' | 'toggle' | 'integer' | 'port' | 'number' | 'duration' | 'anything';
}

export interface ObjectKind {
  readonly is: 'object';
  readonly keys: Keys;
}

interface ListKind {
  readonly is: 'list';
  readonly of: Kind;
}

/** An object whose keys are the writer's own. */
interface MapKind {
  readonly is: 'map';
  readonly of: Kind;
}

/** By name as Consul spells it: lower case, words apart by underscores. */
export interface Keys {
  readonly [key: string]: Kind;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const text: Kind = { is: 'text' };
/** true or false. */
export const toggle: Kind = { is: 'toggle' };
export const integer: Kind = { is: 'integer' };
/** A number up to 65535; a negative one closes the port. */
export const port: Kind = { is: 'port' };
export const number: Kind = { is: 'number' };
/** Go's text (`1m30s`), or a whole number of nanoseconds. Read as text. */
export const duration: Kind = { is: 'duration' };
/** Whatever it is; nothing in it is looked at. */
export const anything: Kind = { is: 'anything' };

export function object(keys: Keys): ObjectKind {
  return { is: 'object', keys };
}

export function list(of: Kind): Kind {
  return { is: 'list', of };
}

export function map(of: Kind): Kind {
  return { is: 'map', of };
}

export const texts: Kind = list(text);

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
