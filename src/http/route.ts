/** Routes as plain values: what the agent and the admin endpoints are made of. No library in sight. */

export interface HttpRequest {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** Of a prefix route: what follows the prefix, percent-decoded. Otherwise empty. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
  /** The peer's IP address, or empty on a Unix socket. */
  readonly remoteAddress: string;
  /** Aborts when the client has left or the server closes. */
  readonly signal: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  /** Canonical spelling (`X-Consul-Index`), sent as written. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A string or buffer goes out as it is; a `Json` is encoded as Go does. Absent: an empty body. */
  readonly body?: string | Buffer | Json;
  /** As if there were no such path: without `Vary`, compression and the server's common headers. */
  readonly isBare?: boolean;
}

/** Marks a value to be encoded as JSON, so that a string can be JSON too. */
export class Json {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

export type Handler = (request: HttpRequest) => HttpReply | Promise<HttpReply>;
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface Route {
  /** `/v1/status/leader`, or a prefix that ends in `/`: the longest that fits wins. */
  readonly path: string;
  /** In the order in which `Allow` lists them. */
  readonly methods: Readonly<Partial<Record<Method, Handler>>>;
  /** Answers without `Vary`, compression and the server's common headers. */
  readonly isBare?: boolean;
}

/** A refusal with a status and a text for people. Thrown by handlers. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}
