/**
 * How exact an intention is, as a number from 1 to 9, and the order of evaluation that follows from it.
 * Source: Consul documentation, "Intentions", precedence and match order.
 */

export interface Names {
  readonly sourceNamespace: string;
  /** A service name or `*`; so too the destination. */
  readonly source: string;
  readonly destinationNamespace: string;
  readonly destination: string;
}

/** The destination weighs more than the source, and a namespace more than a name. */
export function precedenceOf(names: Names): number {
  const highest = 3 * (exactParts(names.destinationNamespace, names.destination) + 1);
  return highest - (2 - exactParts(names.sourceNamespace, names.source));
}

/** A namespace of `*` leaves no room for an exact name. */
function exactParts(namespace: string, name: string): 0 | 1 | 2 {
  if (namespace === '*') return 0;
  return name === '*' ? 1 : 2;
}

/** The order of lists and of evaluation: the most exact first, then by source and destination. */
export function compareIntentions(
  a: Names & { readonly precedence: number },
  b: Names & { readonly precedence: number },
): number {
  return (
    b.precedence - a.precedence ||
    compareText(a.sourceNamespace, b.sourceNamespace) ||
    compareText(a.source, b.source) ||
    compareText(a.destinationNamespace, b.destinationNamespace) ||
    compareText(a.destination, b.destination)
  );
}

function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
