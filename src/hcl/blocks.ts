/**
 * HCL can't tell `a { … }` given once from a list of one: every block arrives as a list of maps, one level for each label.
 * What was meant depends on the key, so the reader says it.
 */

export interface LabelledBlock {
  readonly label: string;
  readonly body: unknown;
}

/** `service "web" { … }  service "api" { … }`, in the order of the text; undefined when it is not blocks with one label. */
export function labelledBlocks(value: unknown): LabelledBlock[] | undefined {
  const maps = Array.isArray(value) ? value : [value];
  if (!maps.every(isMap)) return undefined;
  return maps.flatMap((map) =>
    Object.entries(map).flatMap(([label, bodies]) =>
      (Array.isArray(bodies) ? bodies : [bodies]).map((body) => ({ label, body })),
    ),
  );
}

/**
 * Takes lists of one map for the map, at every depth, except where the reader wants a list.
 * @param isList Whether the value under these keys, joined by dots and in lower case, is a list of blocks
 */
export function unwrapBlocks(value: unknown, isList: (path: string) => boolean, path = ''): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => unwrapBlocks(item, isList, path));
    return items.length === 1 && isMap(items[0]) && !isList(path) ? items[0] : items;
  }
  if (!isMap(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const innerPath = path === '' ? key.toLowerCase() : `${path}.${key.toLowerCase()}`;
      return [key, unwrapBlocks(inner, isList, innerPath)];
    }),
  );
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
