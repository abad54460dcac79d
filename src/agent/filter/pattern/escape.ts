/** Escapes in patterns that stand for one character. */

export type EscapedCharacter =
  | { readonly character: number; readonly length: number }
  | { readonly problem: string; readonly text: string };

const controls: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };

/** At the beginning of `rest`, which is a backslash. `length` counts it too. */
export function readEscapedCharacter(rest: string): EscapedCharacter {
  const next = rest.codePointAt(1);
  if (next === undefined) return { problem: 'trailing backslash at end of expression', text: '' };
  const letter = String.fromCodePoint(next);
  const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
  if (control !== undefined) return { character: control, length: 2 };
  if (next < 0x80 && !/[0-9A-Za-z]/.test(letter)) return { character: next, length: 2 };
  // A single digit other than 0 would be a reference back.
  const [octal] = /^\\(?:0[0-7]{0,2}|[1-7][0-7]{1,2})/.exec(rest) ?? [];
  if (octal !== undefined) return { character: Number.parseInt(octal.slice(1), 8), length: octal.length };
  const [hex, short, long] = /^\\x(?:([0-9a-fA-F]{2})|\{([0-9a-fA-F]{1,8})\})/.exec(rest) ?? [];
  const character = Number.parseInt(short ?? long ?? '', 16);
  if (hex !== undefined && character <= 0x10_ff_ff) return { character, length: hex.length };
  return { problem: 'invalid escape sequence', text: `\\${letter}` };
}
