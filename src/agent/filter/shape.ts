/** What an expression may select from: the types of what is filtered. */
export type FieldShape =
  | 'text'
  | 'integer'
  | 'flag'
  | { readonly list: FieldShape }
  | { readonly map: FieldShape }
  | { readonly members: Readonly<Record<string, FieldShape>> };

/** How to come from an element to what a selector names. */
export type Step =
  | { readonly kind: 'member' | 'key'; readonly name: string }
  /** Any of a list's items will do. */
  | { readonly kind: 'any' };

export interface Selected {
  readonly shape: FieldShape;
  readonly steps: readonly Step[];
}

/** Undefined when there is no such thing; `upTo` counts the parts of the selector that were understood. */
export function select(selector: readonly string[], from: FieldShape): Selected | { readonly upTo: number } {
  const steps: Step[] = [];
  let shape = from;
  for (const [upTo, name] of selector.entries()) {
    while (typeof shape === 'object' && 'list' in shape) {
      steps.push({ kind: 'any' });
      shape = shape.list;
    }
    const isMap = typeof shape === 'object' && 'map' in shape;
    const next = isMap ? (shape as { readonly map: FieldShape }).map : memberOf(shape, name);
    if (next === undefined) return { upTo };
    steps.push({ kind: isMap ? 'key' : 'member', name });
    shape = next;
  }
  return { shape, steps };
}

function memberOf(shape: FieldShape, name: string): FieldShape | undefined {
  if (typeof shape !== 'object' || !('members' in shape)) return undefined;
  return Object.hasOwn(shape.members, name) ? shape.members[name] : undefined;
}
