/**
 * Builds `dist/`: the library, compiled file by file with its types, and the command line, bundled with what it uses, so
 * that a sidecar starts fast and small. Commands are loaded on demand, so each becomes a file of its own.
 * Does nothing when nothing changed since the last build. A build that fails leaves the last one in place.
 */

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('../', import.meta.url));
process.chdir(root);

const inputs = hashInputs();
if (!existsSync('dist/.inputs') || readFileSync('dist/.inputs', 'utf8') !== inputs) {
  console.log('Building …');
  rmSync('dist.next', { recursive: true, force: true });
  compileLibrary('dist.next');
  await bundleCommand('dist.next/cli');
  writeFileSync('dist.next/.inputs', inputs);
  rmSync('dist', { recursive: true, force: true });
  renameSync('dist.next', 'dist');
}

/** One hash of all that a build depends on. */
function hashInputs() {
  const hash = createHash('sha256');
  const sources = globSync('src/**/*.ts').filter((path) => !/\.test\.ts$|[\\/](?:scenarios|testing)[\\/]/.test(path));
  const settings = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json', 'scripts/build.js'];
  for (const path of [...sources.sort(), ...settings]) {
    hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
  }
  return hash.digest('hex');
}

function compileLibrary(outDir) {
  const compiler = fileURLToPath(import.meta.resolve('typescript/package.json')).replace(/package\.json$/, 'bin/tsc');
  const args = [compiler, '-p', 'tsconfig.build.json', '--outDir', outDir];
  if (spawnSync(process.execPath, args, { stdio: 'inherit' }).status !== 0) process.exit(1);
}

async function bundleCommand(outDir) {
  const bundle = await rolldown({
    input: 'src/cli/main.ts',
    platform: 'node',
    onLog: (level, log, pass) => log.code === 'EVAL' || pass(level, log),
  });
  const { output } = await bundle.write({
    dir: outDir,
    format: 'esm',
    entryFileNames: 'main.js',
    chunkFileNames: '[name]-[hash].js',
    strictExecutionOrder: true, // the X.509 library needs reflect-metadata to have run before it
  });
  await bundle.close();
  writeFileSync(join(outDir, 'THIRD-PARTY-LICENSES.txt'), licenses(output.flatMap((chunk) => chunk.moduleIds ?? [])));
}

/** The licence texts of the packages whose code is in the bundle. */
function licenses(moduleIds) {
  const folders = new Set(
    moduleIds.map((id) => /^.*\bnode_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0]).filter(Boolean),
  );
  return [...folders]
    .sort()
    .map((folder) => {
      const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name} ${version} (${license})\n\n${file ? readFileSync(join(folder, file), 'utf8').trim() : ''}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}
