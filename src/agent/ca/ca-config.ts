/** The CA's configuration as it is put over the API or in a file: what it means, and what of it is kept to be shown. */

import { formatDuration, InputError, messageOf, parseDuration, Secret } from '../../base/index.ts';
import { type KeyKind, kindOfKey, parsePrivateKey, problemWithKeyKind } from '../../issuing/index.ts';
import { CaError } from './ca-error.ts';

/** Absent members were not put; durations are milliseconds. */
export interface CaSettings {
  readonly leafTtl: number;
  /** A key to change to. */
  readonly privateKey?: Secret;
  /** PEM; a root to change to. */
  readonly rootCert?: string;
  /** The kind of key to change to. */
  readonly keyKind?: KeyKind;
  /** 0: no limit. */
  readonly csrMaxPerSecond: number;
  /** 0: no limit. */
  readonly csrMaxConcurrent: number;
}

type Config = Readonly<Record<string, unknown>>;

/** Of a CA that nobody has configured. */
export const defaultConfig: Config = { IntermediateCertTTL: '8760h', LeafCertTTL: '72h', RotationPeriod: '2160h' };

/** The members that mean something to some version of Consul, as the API spells them. */
const members: readonly string[] = [
  'LeafCertTTL',
  'IntermediateCertTTL',
  'RootCertTTL',
  'RotationPeriod',
  'PrivateKey',
  'RootCert',
  'PrivateKeyType',
  'PrivateKeyBits',
  'CSRMaxPerSecond',
  'CSRMaxConcurrent',
  'SkipValidate',
];

const hour = 3_600_000;
const usualLeafTtl = 72 * hour;
export const shortestLeafTtl: number = hour;
const longestLeafTtl = 365 * 24 * hour;

/** Throws a CaError that names the member at fault. Names are told apart neither by case nor by `_`, so that a file's spelling fits too. */
export function parseCaConfig(config: Config, minLeafTtl: number = shortestLeafTtl): CaSettings {
  try {
    refuseKeyBeside(config);
    const leafTtl = durationIn(config, 'LeafCertTTL') ?? usualLeafTtl;
    if (leafTtl < minLeafTtl)
      throw refused(`leaf cert TTL must be greater or equal than ${formatDuration(minLeafTtl)}`);
    if (leafTtl > longestLeafTtl) throw refused(`leaf cert TTL must be less than ${formatDuration(longestLeafTtl)}`);
    for (const name of ['IntermediateCertTTL', 'RotationPeriod', 'RootCertTTL']) durationIn(config, name);
    const key = textIn(config, 'PrivateKey');
    const rootCert = textIn(config, 'RootCert');
    const keyKind = keyKindIn(config);
    return {
      leafTtl,
      ...(key === '' ? {} : { privateKey: checkedKey(new Secret(key)) }),
      ...(rootCert === '' ? {} : { rootCert }),
      ...(keyKind === undefined ? {} : { keyKind }),
      csrMaxPerSecond: numberIn(config, 'CSRMaxPerSecond') ?? 50,
      csrMaxConcurrent: numberIn(config, 'CSRMaxConcurrent') ?? 0,
    };
  } catch (error) {
    throw error instanceof InputError ? refused(error.message) : error;
  }
}

/** `config` without some of its members, under whatever spelling they came. What is stored and shown is without `PrivateKey`. */
export function configWithout(config: Config, ...names: readonly string[]): Config {
  const left = new Set(names.map(fold));
  return Object.fromEntries(Object.entries(config).filter(([name]) => !left.has(fold(name))));
}

/** A file's `leaf_cert_ttl` as `LeafCertTTL`. Members that nobody knows stay as they are. */
export function inApiSpelling(config: Config): Config {
  const spelling = new Map(members.map((name) => [fold(name), name]));
  return Object.fromEntries(Object.entries(config).map(([name, value]) => [spelling.get(fold(name)) ?? name, value]));
}

function refused(reason: string): CaError {
  return new CaError('CONFIG_REFUSED', `error configuring provider: ${reason}`);
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

function valueIn(config: Config, name: string): unknown {
  return Object.entries(config).find(([own]) => fold(own) === fold(name))?.[1] ?? undefined;
}

/** Go's text, or nanoseconds, which come as `JSON.rawJSON` when they are many. A double holds whole seconds of them exactly. */
function durationIn(config: Config, name: string): number | undefined {
  const value = valueIn(config, name);
  if (value === undefined) return undefined;
  const digits = JSON.stringify(value);
  const ms =
    typeof value === 'string' ? parseDuration(value) : /^-?\d+$/.test(digits) ? Number(digits) / 1e6 : undefined;
  if (ms === undefined) throw new InputError(name, 'expected a duration such as "72h", or nanoseconds');
  return ms;
}

function textIn(config: Config, name: string): string {
  const value = valueIn(config, name) ?? '';
  if (typeof value !== 'string') throw new InputError(name, 'expected text');
  return value.trim() === '' ? '' : value;
}

/** Numbers come as text too: the API decodes weakly. */
function numberIn(config: Config, name: string): number | undefined {
  const value = valueIn(config, name);
  if (value === undefined || value === '') return undefined;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number) || number < 0)
    throw new InputError(name, 'expected a number, 0 or more');
  return number;
}

function keyKindIn(config: Config): KeyKind | undefined {
  const type = textIn(config, 'PrivateKeyType');
  const bits = numberIn(config, 'PrivateKeyBits') ?? 0;
  if (type === '' && bits === 0) return undefined;
  const kind = { type: type === '' ? 'ec' : type, bits: bits === 0 ? (type === 'rsa' ? 2_048 : 256) : bits };
  const problem = problemWithKeyKind(kind);
  if (problem !== undefined) throw refused(problem);
  return kind as KeyKind;
}

/** Every other member is kept and shown as it was put, a root with its key in the same text too. */
function refuseKeyBeside(config: Config): void {
  for (const [name, value] of Object.entries(configWithout(config, 'PrivateKey'))) {
    if (holdsKey(value))
      throw new InputError(name, 'holds a private key: it belongs in PrivateKey, which is shown to nobody');
  }
}

/** A provider's `State` is shown as it was put. Throws CaError. */
export function checkCaState(state: Readonly<Record<string, string>> | null): void {
  if (holdsKey(state))
    throw refused('State: holds a private key, and State is shown to whoever may read the configuration');
}

function holdsKey(value: unknown): boolean {
  return JSON.stringify([value]).includes('PRIVATE KEY-----');
}

function checkedKey(key: Secret): Secret {
  try {
    kindOfKey(parsePrivateKey(key));
    return key;
  } catch (error) {
    throw new InputError('PrivateKey', messageOf(error));
  }
}
