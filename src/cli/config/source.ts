/** Configuration files, found and read. What is in them is for others to say. */

import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { extname, join } from 'node:path';
import { InputError } from '../../base/index.ts';

export type Format = 'hcl' | 'json';

export interface ConfigSource {
  /** The path of the file, as errors show it. */
  readonly name: string;
  readonly format: Format;
  readonly text: string;
}

/** Bytes. Nothing else happens while a text is read. */
export const largest: Readonly<Record<Format, number>> = { json: 4 << 20, hcl: 1 << 20 };

/**
 * The files at `paths`, in their order; of a folder, its files that end in `.hcl` or `.json`, by name, and not those in folders below it.
 * With `format`, every file counts and is read as that, whatever its name. `skip` hears of the others in folders.
 * Throws an InputError that names a file which can't be read.
 */
export function readSources(
  paths: readonly string[],
  format?: Format,
  skip: (path: string) => void = () => undefined,
): ConfigSource[] {
  return paths.flatMap((path) => {
    if (!isFolder(path)) return [readSource(path, format ?? formatOfNamed(path))];
    return filesIn(path).flatMap((file) => {
      const fileFormat = format ?? formatOf(file);
      if (fileFormat !== undefined) return [readSource(file, fileFormat)];
      skip(file);
      return [];
    });
  });
}

function filesIn(folder: string): string[] {
  try {
    const names = readdirSync(folder).sort();
    return names.map((name) => join(folder, name)).filter((file) => !isFolder(file));
  } catch (error) {
    throw error instanceof InputError ? error : unreadable(folder, error);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw unreadable(path, error);
  }
}

function formatOf(path: string): Format | undefined {
  const extension = extname(path);
  return extension === '.hcl' ? 'hcl' : extension === '.json' ? 'json' : undefined;
}

/** Consul skips a file of another name with a line in its log; who names a file wants it read. */
function formatOfNamed(path: string): Format {
  const format = formatOf(path);
  if (format === undefined)
    throw new InputError(
      path,
      'expected a name that ends in .hcl or .json; otherwise say the format with -config-format',
    );
  return format;
}

function readSource(name: string, format: Format): ConfigSource {
  let bytes: Buffer;
  try {
    bytes = readUpTo(name, largest[format] + 1);
  } catch (error) {
    throw unreadable(name, error);
  }
  refuseTooLarge(name, format, bytes.length);
  return { name, format, text: bytes.toString('utf8') };
}

/** What is given on the command line: `name` stands for it in errors. */
export function sourceOfText(name: string, text: string): ConfigSource {
  refuseTooLarge(name, 'hcl', Buffer.byteLength(text));
  return { name, format: 'hcl', text };
}

function refuseTooLarge(name: string, format: Format, size: number): void {
  if (size > largest[format])
    throw new InputError(name, `larger than ${largest[format] >> 20} MiB, the most for ${format.toUpperCase()}`);
}

/** A pipe has no size before it ends, and a device may have no end. */
function readUpTo(path: string, most: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const chunks: Buffer[] = [];
    for (let left = most; left > 0; ) {
      const chunk = Buffer.alloc(Math.min(left, 64 << 10));
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      left -= count;
    }
    return Buffer.concat(chunks);
  } finally {
    closeSync(file);
  }
}

function unreadable(path: string, error: unknown): InputError {
  const { code } = error as NodeJS.ErrnoException;
  const why = code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : String(code);
  return new InputError(path, `can't be read: ${why}`, { cause: error });
}
