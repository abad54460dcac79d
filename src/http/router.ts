/** Which route a request is for. Pure: the table and the request's target decide. */

import type { Route } from './route.ts';

export interface Target {
  /** As sent. */
  readonly path: string;
  /** Percent-decoded: what routes are compared with, so that `%2F` in it counts as `/`. */
  readonly decodedPath: string;
  readonly query: URLSearchParams;
}

export interface Match {
  readonly route: Route;
  readonly rest: string;
}

/** What a request line asks for, or the status to refuse it with. */
export function parseTarget(url: string): Target | { readonly refused: 400 | 500 } {
  const end = url.indexOf('?');
  const path = end < 0 ? url : url.slice(0, end);
  const query = end < 0 ? '' : url.slice(end + 1);
  const decodedPath = decode(path);
  if (decodedPath === undefined || unprintable.test(decodedPath)) return { refused: 400 };
  if (/;|%(?![0-9a-f]{2})/i.test(query)) return { refused: 500 };
  return { path, decodedPath, query: new URLSearchParams(query) };
}

/** What Go calls not printable; the space is. */
const unprintable = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

function decode(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

/** A route with the very path, else the longest whose prefix fits. */
export class Router {
  readonly #exact = new Map<string, Route>();
  /** Longest first. */
  readonly #prefixes: readonly Route[];

  constructor(routes: readonly Route[]) {
    for (const route of routes) {
      if (this.#exact.has(route.path)) throw new Error(`two routes for ${route.path}`);
      this.#exact.set(route.path, route);
    }
    this.#prefixes = routes
      .filter(({ path }) => path.endsWith('/') && path !== '/')
      .toSorted((a, b) => b.path.length - a.path.length);
  }

  match(decodedPath: string): Match | undefined {
    const exact = this.#exact.get(decodedPath);
    if (exact !== undefined) return { route: exact, rest: '' };
    const route = this.#prefixes.find(({ path }) => decodedPath.startsWith(path));
    return route && { route, rest: decodedPath.slice(route.path.length) };
  }
}

/** `OPTIONS,GET,PUT`, as `Allow` has it. */
export function allowedMethods(route: Route): string {
  return ['OPTIONS', ...Object.keys(route.methods)].join(',');
}
