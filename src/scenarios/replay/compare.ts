/** A recorded answer beside ours: every difference that a client could notice, as text. */

import type { StandIns } from './stand-ins.ts';
import type { Message } from './transcript.ts';

export interface Difference {
  /** `status`, `header X-Cache`, or a path into the JSON such as `[0].Checks[1].Status`. */
  readonly place: string;
  readonly recorded: string;
  readonly ours: string;
}

/** Members whose values are of this one run: only their type, and for text its shape, is compared. */
const volatile = new Set([
  'CreateIndex',
  'ModifyIndex',
  'CreatedAt',
  'UpdatedAt',
  'Hash',
  'ContentHash',
  'SerialNumber',
  'CertPEM',
  'PrivateKeyPEM',
  'RootCert',
  'NotBefore',
  'NotAfter',
  'ValidAfter',
  'ValidBefore',
]);

export function compareHeaders(recorded: Message, ours: Message): Difference[] {
  const exact = [
    'content-type',
    'allow',
    'vary',
    'x-cache',
    'x-consul-default-acl-policy',
    'x-consul-effective-consistency',
    'x-consul-knownleader',
    'x-consul-reason',
  ];
  const numeric = ['x-consul-index', 'x-consul-lastcontact', 'age'];
  const present = ['x-consul-contenthash', ...numeric];
  const differences: Difference[] = [];
  const note = (name: string): void => {
    differences.push({
      place: `header ${name}`,
      recorded: recorded.headers.get(name) ?? 'absent',
      ours: ours.headers.get(name) ?? 'absent',
    });
  };
  for (const name of exact) if (recorded.headers.get(name) !== ours.headers.get(name)) note(name);
  for (const name of present) {
    const [theirs, own] = [recorded.headers.get(name), ours.headers.get(name)];
    if ((theirs === undefined) !== (own === undefined)) note(name);
    else if (own !== undefined && numeric.includes(name) && !/^\d+$/.test(own)) note(name);
  }
  return differences;
}

export function compareBodies(recorded: Message, ours: Message, standIns: StandIns): Difference[] {
  const isJson = recorded.headers.get('content-type') === 'application/json';
  if (!isJson || ours.headers.get('content-type') !== 'application/json') {
    const [theirs, own] = [shapeOfPem(standIns.translate(recorded.body)), shapeOfPem(ours.body)];
    return theirs === own ? [] : [{ place: 'body', recorded: theirs, ours: own }];
  }
  return compareValues(JSON.parse(recorded.body), JSON.parse(ours.body), '', standIns);
}

function compareValues(recorded: unknown, ours: unknown, place: string, standIns: StandIns): Difference[] {
  const differ = (): Difference[] => [{ place: place || 'body', recorded: show(recorded), ours: show(ours) }];
  if (kindOf(recorded) !== kindOf(ours)) return differ();
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length !== ours.length) return differ();
    const [theirs, own] = [inOrder(recorded), inOrder(ours)];
    return theirs.flatMap((value, at) => compareValues(value, own[at], `${place}[${at}]`, standIns));
  }
  if (isObject(recorded) && isObject(ours)) return compareObjects(recorded, ours, place, standIns);
  if (typeof recorded === 'string' && typeof ours === 'string') standIns.learn(withoutPem(recorded), withoutPem(ours));
  const member = place.slice(place.lastIndexOf('.') + 1).replace(/\[\d+\]$/, '');
  if (volatile.has(member) || member === 'IntermediateCerts') {
    return typeof recorded === 'string' && shapeOf(recorded) !== shapeOf(String(ours)) ? differ() : [];
  }
  const wanted = translated(recorded, standIns);
  return wanted === ours ? [] : differ();
}

function compareObjects(
  recorded: Record<string, unknown>,
  ours: Record<string, unknown>,
  place: string,
  standIns: StandIns,
): Difference[] {
  const keys = new Set([...Object.keys(recorded), ...Object.keys(ours)]);
  return [...keys].flatMap((key) => {
    const at = place === '' ? key : `${place}.${key}`;
    if (!(key in ours)) return [{ place: at, recorded: show(recorded[key]), ours: 'absent' }];
    if (!(key in recorded)) return [{ place: at, recorded: 'absent', ours: show(ours[key]) }];
    return compareValues(recorded[key], ours[key], at, standIns);
  });
}

/**
 * Lists whose order says nothing: an agent's own checks (the same request was recorded in two orders), and roots, which are ordered by IDs
 * that differ from run to run.
 */
function inOrder(values: readonly unknown[]): readonly unknown[] {
  const rank = (value: unknown): string => (isObject(value) ? String(value['CheckID'] ?? rankOfRoot(value)) : '');
  return values.some((value) => rank(value) === '') ? values : values.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function rankOfRoot(value: Record<string, unknown>): string {
  return 'RootCert' in value ? String(value['Active']) : '';
}

function translated(recorded: unknown, standIns: StandIns): unknown {
  if (typeof recorded === 'number') return standIns.translateNumber(recorded);
  return typeof recorded === 'string' ? standIns.translate(recorded) : recorded;
}

/** Text with what differs between two runs made equal: PEM blocks, times, base64 digests, hex. */
function shapeOf(text: string): string {
  return shapeOfPem(text)
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, (_, fraction) =>
      fraction ? '<time with nanoseconds>' : '<time>',
    )
    .replace(/^[A-Za-z0-9+/]{43}=$/, '<digest>')
    .replace(/^[0-9a-f]{2}(:[0-9a-f]{2})*$/, '<hex>')
    .replace(/^[0-9a-f]{1,16}$/, '<hex>');
}

function shapeOfPem(text: string): string {
  return text.replace(/-----BEGIN ([A-Z ]+)-----[A-Za-z0-9+/=\s]+-----END \1-----/g, '<$1>');
}

function withoutPem(text: string): string {
  return text.replace(/-----BEGIN ([A-Z ]+)-----.*?-----END \1-----/g, '');
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return kindOf(value) === 'object';
}

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}
