/**
 * Runs the tests from their sources. Arguments that name files choose tests, the others go to Node's test runner:
 *   npm test -- src/pki/spiffe-id.test.ts --test-name-pattern='trust domain'
 * With `--unit`, the tests that need the real Consul are left out.
 */

import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { sep } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('../', import.meta.url)));

const given = process.argv.slice(2);
const chosen = given.filter((argument) => !argument.startsWith('-'));
const options = given.filter((argument) => argument.startsWith('-') && argument !== '--unit');
const needsRealConsul = (path) => path.startsWith(['src', 'scenarios', 'consul', ''].join(sep));
const all = globSync('src/**/*.test.ts').filter((path) => !given.includes('--unit') || !needsRealConsul(path));

// A test that hangs, often by something left open, is to be seen and not waited for.
const args = ['--test', '--test-timeout=300000', ...options, ...(chosen.length > 0 ? chosen : all.sort())];
process.exit(spawnSync(process.execPath, args, { stdio: 'inherit' }).status ?? 1);
