/// <reference path="./js-hcl-parser.d.ts" />

/**
 * The library behind this room: HashiCorp's HCL 1 parser, compiled from Go. HCL 2 parsers refuse files that Consul takes.
 * A tenth of a second and 20 MB to load, so only when there is HCL to read.
 */

type Parse = (text: string) => string;

let loaded: Promise<Parse> | undefined;

/** Loads the library at the first call. */
export function loadParser(): Promise<Parse> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Parse> {
  const hadRequire = Object.hasOwn(globalThis, 'require');
  const { stackTraceLimit } = Error;
  const { default: parser } = await import('js-hcl-parser');
  // It leaves both behind for the whole process. Stack traces without limit make deep nesting cost minutes.
  Error.stackTraceLimit = stackTraceLimit;
  if (!hadRequire) Reflect.deleteProperty(globalThis, 'require');
  return parser.parse;
}
