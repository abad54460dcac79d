export type CaErrorCode =
  /** The CA configuration can't be used as put; nothing has changed. */
  | 'CONFIG_REFUSED'
  /** No leaf can carry this name. */
  | 'NAME_REFUSED'
  /** Too many CSRs at once; the same question may be put again later. */
  | 'RATE_LIMITED';

/** A refusal of the CA. The message is for people and holds no key. */
export class CaError extends Error {
  override readonly name = 'CaError';
  readonly code: CaErrorCode;

  constructor(code: CaErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
