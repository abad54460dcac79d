/** A pattern once it is read. */
export type PatternNode =
  | { readonly kind: 'character'; readonly fits: CharacterTest }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternNode[] }
  /** `most` undefined: as often as it goes. */
  | { readonly kind: 'repeat'; readonly part: PatternNode; readonly least: number; readonly most: number | undefined };

/** Of a code point. */
export type CharacterTest = (character: number) => boolean;

/** What must be true between two characters. */
export type Place = 'text begin' | 'text end' | 'line begin' | 'line end' | 'word edge' | 'no word edge';
