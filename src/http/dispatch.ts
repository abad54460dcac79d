import type { AccessRules } from './access-rules.ts';
import { HttpError, type HttpReply, type HttpRequest, type Method } from './route.ts';
import { allowedMethods, type Match, type Target } from './router.ts';

export interface Asked {
  readonly method: string;
  readonly target: Target | { readonly refused: 400 | 500 };
  readonly match: Match | undefined;
  /** Absent: a caller in this process, who may do everything. */
  readonly caller?: { readonly rules: AccessRules; readonly address: string | undefined };
}

/** Whether an answer is as if there were no such path: without `Vary`, compression and the server's common headers. */
export function isBare(match: Match | undefined, reply: HttpReply): boolean {
  return match === undefined || match.route.isBare === true || reply.isBare === true;
}

/** What the route says; `requestOf` makes what it is given. Where there is no such route or method, the refusal. Throws what handlers throw. */
export function dispatch(
  { method, target, match, caller }: Asked,
  requestOf: (target: Target, rest: string) => HttpRequest,
): HttpReply | Promise<HttpReply> {
  if ('refused' in target) return { status: target.refused };
  if (match === undefined) return { status: 404 };
  const { route, rest } = match;
  caller?.rules.checkPath(target.decodedPath);
  const handler = Object.hasOwn(route.methods, method) ? route.methods[method as Method] : undefined;
  if (handler !== undefined) {
    caller?.rules.checkMethod(method, caller.address);
    return handler(requestOf(target, rest));
  }
  const allow = { Allow: allowedMethods(route) };
  if (method === 'OPTIONS') return { status: 200, headers: allow };
  throw new HttpError(405, `method ${method} not allowed`, allow);
}
