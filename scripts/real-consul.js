/**
 * Brings the real Consul that the tests talk to: 1.8.7, one static binary, from Debian bullseye, as `.peers/consul/consul`.
 * Where that can't be had, a `consul` of 1.8 or later on the PATH takes its place. Does nothing when one is there already.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackDebianPackages } from './debian-package.js';

const folder = fileURLToPath(new URL('../.peers/consul/', import.meta.url));
const program = join(folder, 'consul');

if (!isUsable(program)) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    bring();
  } catch (error) {
    console.error(
      `The tests need the real Consul and there is none: ${error.message}, and no consul of 1.8 or later is on the PATH. ` +
        'Install one (https://developer.hashicorp.com/consul/install) and run this again, or run the other tests: npm run test:unit',
    );
    process.exit(1);
  }
}

function bring() {
  const work = join(folder, 'download');
  try {
    console.log('Fetching Consul 1.8.7 from Debian …');
    renameSync(join(unpackDebianPackages(['consul'], work, 'bullseye'), 'usr/bin/consul'), program);
  } catch (error) {
    const installed = (process.env.PATH ?? '')
      .split(delimiter)
      .map((path) => join(path, 'consul'))
      .find(isUsable);
    if (installed === undefined) throw error;
    console.log(`Using ${installed}: ${error.message}.`);
    symlinkSync(installed, program);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Whether `path` is a Consul that can act as the peer of the tests. */
function isUsable(path) {
  if (!existsSync(path)) return false;
  const { stdout } = spawnSync(path, ['version'], { encoding: 'utf8', timeout: 30_000 });
  const [, major, minor] = /^Consul v(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  return Number(major) > 1 || (Number(major) === 1 && Number(minor) >= 8);
}
