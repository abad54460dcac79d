/** Intentions as a test writes them: `web → api: allow`. */

import { InputError } from '../base/index.ts';

export interface IntentionText {
  readonly source: string;
  readonly destination: string;
  readonly action: 'allow' | 'deny';
}

/** Throws an InputError that names `place`. */
export function parseIntention(text: string, place: string): IntentionText {
  const [, source, destination, action] = /^\s*(\S+?)\s*(?:→|->|=>)\s*(\S+?)\s*:\s*(allow|deny)\s*$/.exec(text) ?? [];
  if (source === undefined || destination === undefined || (action !== 'allow' && action !== 'deny'))
    throw new InputError(
      place,
      `expected "web → api: allow", with ->, => or → and allow or deny, found ${JSON.stringify(text)}`,
    );
  return { source, destination, action };
}
