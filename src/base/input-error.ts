/** Input from outside that can't be used. The message names the place and what was expected there. */
export class InputError extends Error {
  override readonly name = 'InputError';
  /** Such as `upstreams[0].bindPort` or `-listen`. */
  readonly place: string;

  constructor(place: string, expected: string, options?: ErrorOptions) {
    super(place === '' ? expected : `${place}: ${expected}`, options);
    this.place = place;
  }
}

/** The message of whatever was thrown, with that of its cause where it adds something. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own =
    error.message === '' && error instanceof AggregateError ? error.errors.map(messageOf).join('; ') : error.message;
  const cause = error.cause === undefined ? '' : messageOf(error.cause);
  return cause === '' || own.includes(cause) ? own : `${own}: ${cause}`;
}
