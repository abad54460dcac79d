/** What a caller of the SDK can tell apart and act on. Part of the public API. */
export type ConnectErrorCode =
  /** No leaf or no roots yet. Wait for `ready`, or try again. */
  | 'NOT_READY'
  /** The leaf ran out and no new one could be had. */
  | 'CERTIFICATE_EXPIRED'
  /** There is no healthy instance of the service, or none that could be reached. */
  | 'NO_INSTANCE'
  /** Whoever answered did not prove the identity that was dialled. Do not retry. */
  | 'IDENTITY_MISMATCH'
  /** The peer closed before its first byte; most often its intentions refuse us. */
  | 'REFUSED_BY_PEER'
  /** Our own intentions no longer allow the peer of this live connection. */
  | 'DENIED'
  | 'AGENT_UNREACHABLE'
  /** The agent answered 403: the token may not do this. */
  | 'TOKEN_REFUSED'
  | 'TIMEOUT'
  /** The service was closed while the call was under way. */
  | 'CLOSED';

/** `code` is for programs and stays; the message is for people and may change. */
export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  readonly code: ConnectErrorCode;

  constructor(code: ConnectErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
