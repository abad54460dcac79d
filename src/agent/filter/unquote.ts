/** What stands between the quotes of a Go string, with its escapes resolved; undefined when it is none. Source: Go, "String literals". */
export function unquote(inner: string): string | undefined {
  if (inner.includes('\n')) return undefined;
  const bytes: Buffer[] = [];
  for (let at = 0; at < inner.length; ) {
    const start = inner.indexOf('\\', at);
    const plain = inner.slice(at, start < 0 ? undefined : start);
    bytes.push(Buffer.from(plain));
    if (start < 0) break;
    const found = readEscape(inner.slice(start + 1, start + 10));
    if (found === undefined) return undefined;
    bytes.push(found.bytes);
    at = start + 1 + found.length;
  }
  return Buffer.concat(bytes).toString();
}

const single: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

/** `rest` follows the backslash. `\x` and octal escapes give one byte each, the others a character. */
function readEscape(rest: string): { readonly bytes: Buffer; readonly length: number } | undefined {
  const simple = single[rest.charAt(0)];
  if (simple !== undefined) return { bytes: Buffer.from(simple), length: 1 };
  const [all = '', byte, short, long] =
    /^(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|[0-7]{3})/.exec(rest) ?? [];
  if (all === '') return undefined;
  const code = short ?? long;
  if (code !== undefined) {
    const point = Number.parseInt(code, 16);
    const isCharacter = point <= 0x10_ff_ff && (point < 0xd8_00 || point > 0xdf_ff);
    return isCharacter ? { bytes: Buffer.from(String.fromCodePoint(point)), length: all.length } : undefined;
  }
  const value = byte === undefined ? Number.parseInt(all, 8) : Number.parseInt(byte, 16);
  return value <= 0xff ? { bytes: Buffer.from([value]), length: all.length } : undefined;
}
