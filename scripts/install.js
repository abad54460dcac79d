/**
 * Brings the dependencies of a fresh clone, the right Node among them. JavaScript that Node 20 runs.
 * Does nothing when what is there is newer than the lock file.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import supportedNode from '../bin/supported-node.js';

const root = fileURLToPath(new URL('../', import.meta.url));

if (modified('node_modules/.package-lock.json') < modified('package-lock.json')) {
  console.log('Installing dependencies …');
  // Development dependencies whatever NODE_ENV says: the compiler and the right Node are among them.
  const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status, error } = npm(args);
  if (status !== 0) {
    fail(
      `npm ci failed${error ? ` (${error.message})` : ''}. It needs the registry that "npm config get registry" names.`,
    );
  }
}
checkNode();

/** The time of the last change, 0 when the file is not there. */
function modified(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

/** Runs the very npm that started this script, where one did. */
function npm(args) {
  const options = { cwd: root, stdio: 'inherit' };
  const script = process.env.npm_execpath;
  if (script && existsSync(script)) return spawnSync(process.execPath, [script, ...args], options);
  return spawnSync('npm', args, { ...options, shell: process.platform === 'win32' });
}

/** What follows runs on the Node that was brought or, where that one can't run (another C library), on a good one of the machine. */
function checkNode() {
  const brought = join(root, 'node_modules/.bin/node');
  if (spawnSync(brought, ['--version']).status === 0) return;
  if (!supportedNode.isSupported(process.versions.node)) {
    fail(
      `npm brought no Node that runs here, and this one, ${process.versions.node}, is too old. ` +
        `Install Node ${supportedNode.wanted} from https://nodejs.org, or let npm run install scripts (npm config get ignore-scripts).`,
    );
  }
  rmSync(brought, { force: true });
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
