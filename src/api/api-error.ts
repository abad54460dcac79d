/** What went wrong with a call, as a caller can tell it apart and act on it. */
export type ApiErrorCode =
  /** No connection to the agent, or it broke before the answer. */
  | 'UNREACHABLE'
  /** 403: the token is unknown, or may not do this. */
  | 'TOKEN_REFUSED'
  /** 404. */
  | 'NOT_FOUND'
  /** Any other status that is not 2xx. */
  | 'REFUSED'
  /** An answer that can't be used: no JSON, a member of the wrong type, or too big. */
  | 'BAD_ANSWER'
  | 'TIMEOUT';

/** The message is for people and says what to do; it never holds a token. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ApiErrorCode;
  /** The HTTP status; 0 when no answer came. */
  readonly status: number;
  /** The agent's own words, where it sent any. */
  readonly text: string;

  constructor(
    code: ApiErrorCode,
    message: string,
    { status = 0, text = '', cause }: { status?: number; text?: string; cause?: unknown } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = status;
    this.text = text;
  }
}
