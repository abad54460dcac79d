/** Query parameters that several reads share. */

import type { HttpRequest } from '../../http/index.ts';
import type { TableReader } from '../registry/node-rows.ts';
import { fold, keyOf, type NodeRow, type ServiceRow } from '../state/tables.ts';
import type { ApiContext } from './context.ts';
import { parseGoBool } from './go-values.ts';

/** A flag that may stand alone (`?passing`) or have a value; undefined when the value is no boolean. */
export function parseFlag({ query }: HttpRequest, name: string): boolean | undefined {
  const value = query.get(name);
  if (value === null) return false;
  return value === '' ? true : parseGoBool(value);
}

/** Whether a node has every pair of `?node-meta=key:value`. */
export function nodeMetaOf({ query }: HttpRequest): (node: NodeRow) => boolean {
  const pairs = query.getAll('node-meta').map((pair) => {
    const end = pair.indexOf(':');
    return end < 0 ? ([pair, ''] as const) : ([pair.slice(0, end), pair.slice(end + 1)] as const);
  });
  return ({ meta }) => pairs.every(([key, value]) => meta?.[key] === value);
}

/** The same for what is on a node. */
export function metaOfNodeOf(request: HttpRequest, tables: TableReader): (row: { readonly node: string }) => boolean {
  if (!request.query.has('node-meta')) return () => true;
  const hasMeta = nodeMetaOf(request);
  return (row) => {
    const node = tables.table('nodes').get(keyOf.nodes(row));
    return node !== undefined && hasMeta(node);
  };
}

/** Whether a service has every `?tag=`; case does not matter. An empty one is a tag that no service has. */
export function tagsOf({ query }: HttpRequest): (service: ServiceRow) => boolean {
  const tags = query.getAll('tag').map((tag) => tag.toLowerCase());
  return (service) => tags.every((tag) => service.tags.some((own) => own.toLowerCase() === tag));
}

/**
 * For `?near=`, as a comparison: what is on this agent's node comes first where that is asked for. Of other nodes no distance is known, so
 * their names change nothing, as in Consul those of nodes that it can't place.
 */
export function nearestFirst(
  { nodeName }: Pick<ApiContext, 'nodeName'>,
  { query }: HttpRequest,
): (a: { readonly node: string }, b: { readonly node: string }) => number {
  const near = query.get('near') ?? '';
  const own = fold(nodeName);
  if (near !== '_agent' && fold(near) !== own) return () => 0;
  return (a, b) => Number(fold(b.node) === own) - Number(fold(a.node) === own);
}
