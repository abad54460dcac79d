/** Headers of an operator's own (`X-Frame-Options`, `Strict-Transport-Security`) that go out beside those of the answers. */

import { validateHeaderName, validateHeaderValue } from 'node:http';
import { messageOf } from '../base/index.ts';

export type ResponseHeaders = Readonly<Record<string, string>>;

/** With these the server says where an answer ends and what it is: another value would break it. */
const ownNames: ReadonlySet<string> = new Set([
  'Allow',
  'Connection',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'Date',
  'Keep-Alive',
  'Retry-After',
  'Trailer',
  'Transfer-Encoding',
  'Upgrade',
  'Vary',
]);

/** Why they can't go out; undefined when they can. */
export function findHeaderError(headers: ResponseHeaders): string | undefined {
  const seen = new Set<string>();
  for (const [given, value] of Object.entries(headers)) {
    const name = canonicalName(given);
    if (ownNames.has(name) || name.startsWith('X-Consul-')) return `${name} is set by the agent itself`;
    if (seen.has(name)) return `${name} is given twice`;
    seen.add(name);
    try {
      validateHeaderName(given);
      validateHeaderValue(given, value);
    } catch (error) {
      return messageOf(error);
    }
  }
  return undefined;
}

/** Spelled as clients of Consul see them: `X-Frame-Options`. */
export function canonicalHeaders(headers: ResponseHeaders): ResponseHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [canonicalName(name), value]));
}

function canonicalName(name: string): string {
  return name.toLowerCase().replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
