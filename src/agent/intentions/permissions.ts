/** L7 permissions are stored and shown; a TCP connection that meets one is denied. Here is what makes one well-formed. */

export interface Permission {
  readonly Action?: string;
  readonly HTTP?: HttpMatch;
  readonly JWT?: unknown;
}

export interface HttpMatch {
  readonly PathExact?: string;
  readonly PathPrefix?: string;
  readonly PathRegex?: string;
  readonly Header?: readonly HeaderMatch[];
  readonly Methods?: readonly string[];
}

export interface HeaderMatch {
  readonly Name?: string;
  readonly Present?: boolean;
  readonly Exact?: string;
  readonly Prefix?: string;
  readonly Suffix?: string;
  readonly Contains?: string;
  readonly Regex?: string;
  readonly IgnoreCase?: boolean;
  readonly Invert?: boolean;
}

/** The first problem, beginning with the place; undefined when there is none. */
export function checkPermissions(permission: unknown): string | undefined {
  const { Action: action, HTTP: http } = permission as Permission;
  if (action !== 'allow' && action !== 'deny') return `Action must be set to 'allow' or 'deny'`;
  if (http === undefined) return 'HTTP is required';
  return problemOfPath(http) ?? problemOfMethods(http.Methods ?? []) ?? problemOfHeaders(http.Header ?? []);
}

function problemOfPath({ PathExact: exact, PathPrefix: prefix, PathRegex: regex }: HttpMatch): string | undefined {
  const given = [exact, prefix, regex].filter((path) => path !== undefined && path !== '');
  if (given.length > 1) return 'HTTP must have at most one of PathExact, PathPrefix and PathRegex';
  if (exact && !exact.startsWith('/')) return 'HTTP.PathExact must begin with "/"';
  if (prefix && !prefix.startsWith('/')) return 'HTTP.PathPrefix must begin with "/"';
  return undefined;
}

function problemOfMethods(methods: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (const method of methods) {
    if (!/^[A-Za-z]+$/.test(method)) return `HTTP.Methods has ${JSON.stringify(method)}, which is no HTTP method`;
    if (seen.has(method.toUpperCase())) return `HTTP.Methods has ${JSON.stringify(method)} twice`;
    seen.add(method.toUpperCase());
  }
  return undefined;
}

function problemOfHeaders(headers: readonly HeaderMatch[]): string | undefined {
  for (const [at, header] of headers.entries()) {
    if (!header.Name) return `HTTP.Header[${at}].Name must be set`;
    const { Present, Exact, Prefix, Suffix, Contains, Regex } = header;
    const given = [Present, Exact, Prefix, Suffix, Contains, Regex].filter(Boolean);
    if (given.length !== 1)
      return `HTTP.Header[${at}] must have exactly one of Present, Exact, Prefix, Suffix, Contains and Regex`;
  }
  return undefined;
}
