import { InputError } from '../base/index.ts';

/** For list flags whose values are `key=value`. */
export function checkKeyValue(text: string): void {
  if (!text.includes('=')) throw new InputError('', `Missing "=" value in argument: ${text}`);
}

/** Of texts that have been checked; undefined when there are none. A repeated key counts as it was last written. */
export function parseKeyValues(
  texts: readonly string[],
  sign: '=' | ':' = '=',
): Readonly<Record<string, string>> | undefined {
  if (texts.length === 0) return undefined;
  return Object.fromEntries(
    texts.map((text) => [text.slice(0, text.indexOf(sign)), text.slice(text.indexOf(sign) + 1)]),
  );
}

/** In the parameters of the API a colon stands between key and value. */
export function asParameter(text: string): string {
  return text.replace('=', ':');
}
