/**
 * Refuses a Node that is too old, and Bun. Every entry of the package imports this file first, and it imports nothing, so
 * that it is the first to run, and an older Node can read it. `engines` in package.json says the same.
 */

const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number);
const wanted = 'Node ^24.17.0 || >=26.3.1';

if ('bun' in process.versions) {
  // There, undici ignores `connect`, so a request meant for the mesh would leave in plain text.
  throw new Error(`fairlead does not run on Bun: install ${wanted}, https://nodejs.org`);
}
if (!isSupported()) {
  // Older lines skip identity checks on resumed TLS sessions.
  throw new Error(`fairlead needs ${wanted}, this is ${process.versions.node}: install it from https://nodejs.org`);
}

function isSupported(): boolean {
  if (major === 24) return minor >= 17;
  return major > 26 || (major === 26 && (minor > 3 || (minor === 3 && patch >= 1)));
}

export {};
