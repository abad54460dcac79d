/** What the intention commands share: names on the command line, and finding an intention on agents of any version. */

import type { Intention } from '../api/index.ts';
import type { Ask } from './ask.ts';
import { CommandFailure } from './failure.ts';

/** A service as people write it: `web`, or `namespace/web`. */
export interface ServiceName {
  readonly namespace: string;
  readonly name: string;
}

/** `end` is `source` or `destination`, for the message. */
export function parseServiceName(text: string, end: 'source' | 'destination'): ServiceName {
  const parts = text.split('/');
  if (parts.length > 2) throw new CommandFailure(`Error: Invalid intention ${end}: target can contain at most one '/'`);
  const [first = '', second] = parts;
  return second === undefined ? { namespace: '', name: first } : { namespace: first, name: second };
}

export function formatServiceName({ namespace, name }: ServiceName): string {
  return namespace === '' || namespace === 'default' ? name : `${namespace}/${name}`;
}

export function sourceOf(intention: Intention): ServiceName {
  return { namespace: intention.SourceNS ?? '', name: intention.SourceName };
}

export function destinationOf(intention: Intention): ServiceName {
  return { namespace: intention.DestinationNS ?? '', name: intention.DestinationName };
}

/** `web => db (allow)` */
export function formatIntention(intention: Intention): string {
  const [source, destination] = [sourceOf(intention), destinationOf(intention)].map(formatServiceName);
  return `${source} => ${destination} (${formatAction(intention)})`;
}

export function formatAction({ Action, Permissions }: Intention): string {
  if (Action) return Action;
  return Permissions?.length === 1 ? '1 permission' : `${Permissions?.length ?? 0} permissions`;
}

/** The parameters of the `exact` endpoint. */
export function exactQuery(source: ServiceName, destination: ServiceName): { source: string; destination: string } {
  const full = ({ namespace, name }: ServiceName): string => (namespace === '' ? name : `${namespace}/${name}`);
  return { source: full(source), destination: full(destination) };
}

/**
 * The intention between exactly these two. Agents up to 1.8 take `exact` for an ID and refuse it; there the list is read.
 * Throws CommandFailure that begins with `Error:`.
 */
export async function findIntention(
  ask: Ask,
  source: ServiceName,
  destination: ServiceName,
): Promise<Intention | undefined> {
  try {
    const exact = await ask.find('Error', '/v1/connect/intentions/exact', { query: exactQuery(source, destination) });
    return exact?.json() as Intention | undefined;
  } catch (error) {
    if (!(error instanceof CommandFailure && error.message.includes('UUID must be 36 characters'))) throw error;
  }
  const list = (await ask.call('Error', 'GET', '/v1/connect/intentions')).json() as readonly Intention[];
  return list.find((found) => isSame(sourceOf(found), source) && isSame(destinationOf(found), destination));
}

function isSame(one: ServiceName, other: ServiceName): boolean {
  const namespace = (name: ServiceName): string => name.namespace || 'default';
  return one.name === other.name && namespace(one) === namespace(other);
}

/** An intention by the words on the command line: its ID, or source and destination. */
export async function lookUpIntention(ask: Ask, args: readonly string[]): Promise<Intention> {
  const [first = '', second] = args;
  if (args.length < 1 || args.length > 2) {
    throw new CommandFailure('Error: command requires exactly 1 or 2 arguments');
  }
  if (second === undefined) {
    const found = await ask.find('Error reading the intention', `/v1/connect/intentions/${encodeURIComponent(first)}`);
    if (!found) throw new CommandFailure(`Error: Intention with ID ${JSON.stringify(first)} not found.`);
    return found.json() as Intention;
  }
  const found = await findIntention(ask, parseServiceName(first, 'source'), parseServiceName(second, 'destination'));
  if (found) return found;
  throw new CommandFailure(
    `Error: Intention with source ${JSON.stringify(first)} and destination ${JSON.stringify(second)} not found.`,
  );
}
