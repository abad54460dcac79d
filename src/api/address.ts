import { InputError } from '../base/index.ts';

/** Where an agent's HTTP API is. */
export type AgentAddress =
  | {
      readonly scheme: 'http' | 'https';
      readonly host: string;
      readonly port: number;
      /** Put before every path; empty, or begins with `/`. */
      readonly prefix: string;
    }
  | { readonly scheme: 'unix'; readonly path: string };

const defaultPort = 8500;
/** What begins something else than host, port and path, and what a URL drops or turns without a word. */
const misread = /[?#\\\s\p{Cc}\p{Cf}]/u;

/** `http://host:port`, `https://host:port`, `unix:///path`, or `host:port`, which means http. Without a port: 8500, but 443 for https. */
export function parseAgentAddress(text: string, place: string = 'address'): AgentAddress {
  const path = /^unix:\/\/([^\0]+)$/.exec(text)?.[1];
  if (path !== undefined) return { scheme: 'unix', path };
  const expected = `expected http://host:port, https://host:port, unix:///path or host:port, found ${JSON.stringify(withoutUser(text))}`;
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  const url = URL.parse(withScheme);
  const scheme = url?.protocol.slice(0, -1);
  if (!url || (scheme !== 'http' && scheme !== 'https') || url.hostname === '' || misread.test(text))
    throw new InputError(place, expected);
  if (url.username || url.password)
    throw new InputError(place, 'expected no user in the address; give user and password by themselves');
  const explicit = /^[^/]*:(\d+)(?:\/|$)/.exec(withScheme.slice(scheme.length + 3))?.[1];
  return {
    scheme,
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: explicit === undefined ? (scheme === 'https' ? 443 : defaultPort) : Number(explicit),
    prefix: url.pathname.replace(/\/+$/, ''),
  };
}

/** There may be a password in it. */
function withoutUser(text: string): string {
  return text.replace(/^([a-z0-9+.-]*:\/\/)?.*@/is, '$1…@');
}

/** For messages. */
export function formatAgentAddress(address: AgentAddress): string {
  if (address.scheme === 'unix') return `unix://${address.path}`;
  return `${address.scheme}://${hostPart(address.host)}:${address.port}${address.prefix}`;
}

export const hostPart = (host: string): string => (host.includes(':') ? `[${host}]` : host);
