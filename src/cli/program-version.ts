import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** From this package's own manifest, found by name, so that it works from the sources and from the built files. */
export function readProgramVersion(): string {
  const manifest = readFileSync(fileURLToPath(import.meta.resolve('fairlead/package.json')), 'utf8');
  return (JSON.parse(manifest) as { readonly version: string }).version;
}
