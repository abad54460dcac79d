/** Services and checks of files, as the agent's API takes them: `local_bind_port` is `LocalBindPort` there. */

import { isObject, type JsonObject, type Keys, type Kind } from './kinds.ts';
import { checkKeys, serviceKeys } from './service-keys.ts';

export function serviceForApi(service: JsonObject): JsonObject {
  return renamed(service, serviceKeys);
}

export function checkForApi(check: JsonObject): JsonObject {
  return renamed(check, checkKeys);
}

function renamed(value: JsonObject, keys: Keys): JsonObject {
  const entries = Object.entries(value).map(([key, inner]) => {
    const name = keys === checkKeys ? (checkNames[key] ?? apiName(key)) : apiName(key);
    const kind = keys[key];
    return [name, kind === undefined ? inner : renamedBelow(inner, kind)] as const;
  });
  return Object.fromEntries(entries);
}

function renamedBelow(value: unknown, kind: Kind): unknown {
  if (kind.is === 'object' && isObject(value)) return renamed(value, kind.keys);
  if (kind.is === 'list' && Array.isArray(value)) return value.map((one) => renamedBelow(one, kind.of));
  if (kind.is !== 'map' || !isObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, renamedBelow(inner, kind.of)]));
}

/** Where the API has another name. */
const checkNames: Readonly<Record<string, string>> = {
  args: 'ScriptArgs',
  h2ping_use_tls: 'H2PingUseTLS',
  id: 'CheckID',
};

const upperCase: ReadonlySet<string> = new Set(['grpc', 'h2ping', 'http', 'id', 'tcp', 'tls', 'ttl', 'udp']);

function apiName(key: string): string {
  const words = key.split('_').map((word) => (upperCase.has(word) ? word.toUpperCase() : capitalized(word)));
  return words.join('');
}

function capitalized(word: string): string {
  return word === 'os' ? 'OS' : word.charAt(0).toUpperCase() + word.slice(1);
}
