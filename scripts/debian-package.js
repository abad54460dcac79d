/**
 * A program from Debian's archive, unpacked into a folder of this checkout and never installed.
 *
 * apt does the fetching, so that the machine's own mirror, keyring and proxy settings are used; but with a sources list,
 * package lists and a cache of its own, so that nothing outside the folder changes and no privilege is needed.
 */

import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Unpacks `packages` of `suite` (absent: the release that this machine runs) into `folder/root`, whose path it returns.
 * Throws with one readable line where that can't be done, for example on another system.
 */
export function unpackDebianPackages(packages, folder, suite) {
  const source = findDebianSource();
  const root = join(folder, 'root');
  for (const path of ['lists/partial', 'cache/archives/partial', 'packages', 'root']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  const list = join(folder, 'sources.list');
  const keyring = source.keyring === undefined ? '' : `[signed-by=${source.keyring}] `;
  writeFileSync(list, `deb ${keyring}${source.uri} ${suite ?? source.release} main\n`);

  const options = [
    'Dir::Etc::SourceParts=/dev/null',
    `Dir::Etc::SourceList=${list}`,
    `Dir::State::Lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Languages=none',
    'Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false',
    'Acquire::Retries=2',
    'Acquire::http::Timeout=30',
    'APT::Sandbox::User=root', // apt's own user may have no way into this folder; signatures are checked all the same
  ].flatMap((option) => ['-o', option]);
  run('apt-get', [...options, 'update', '-qq'], folder);
  run('apt-get', [...options, 'download', '-qq', ...packages], join(folder, 'packages'));
  for (const file of readdirSync(join(folder, 'packages'))) {
    if (file.endsWith('.deb')) run('dpkg-deb', ['-x', join('packages', file), root], folder);
  }
  return root;
}

/** Mirror, release and keyring as this machine has them configured, whichever of apt's two formats they are written in. */
function findDebianSource() {
  const release = /^ID=debian$/m.test(readIfThere('/etc/os-release'))
    ? /^VERSION_CODENAME=(\S+)$/m.exec(readIfThere('/etc/os-release'))?.[1]
    : undefined;
  if (release === undefined) throw new Error('this system is not Debian');
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(SOURCESENTRY)';
  for (const line of run('apt-get', ['indextargets', '--format', format, 'Identifier: Packages'], '/').split('\n')) {
    const [uri = '', suite, component, entry = ''] = line.split('|');
    if (component !== 'main' || (suite !== release && suite !== 'stable') || !/\/debian\/?$/.test(uri)) continue;
    const keyring = /signed-by[:=]\s*(\/[^\s\]]+)/i.exec(readIfThere(entry.replace(/:\d+$/, '')))?.[1];
    return { uri, release, keyring };
  }
  throw new Error(`apt has no Debian source for ${release}`);
}

function readIfThere(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** Standard output of a program that must succeed. */
function run(program, args, cwd) {
  const result = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: 240_000 });
  if (result.status === 0) return result.stdout;
  const why =
    result.error?.message ?? result.stderr.trim().split('\n').filter(Boolean).at(-1) ?? `ended with ${result.status}`;
  throw new Error(`${program} ${args.find((arg) => /^[a-z]+$/.test(arg)) ?? ''}: ${why}`);
}
