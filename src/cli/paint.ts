import { styleText } from 'node:util';

/** Text in a colour, where standard output shows any. */
export type Paint = (style: 'bold' | 'dim' | 'green' | 'red' | 'cyan', text: string) => string;

export function paintFor({ hasColours }: { readonly hasColours: boolean }): Paint {
  return (style, text) => (hasColours ? styleText(style, text, { validateStream: false }) : text);
}
