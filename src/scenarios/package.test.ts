/** What is published: packed, installed in an empty folder, and used there. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, runProgram } from '../testing/index.ts';

const checkout = fileURLToPath(new URL('../../', import.meta.url));
const { isSupported } = createRequire(import.meta.url)('../../bin/supported-node.js') as {
  isSupported(version: string): boolean;
};
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-package-'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }');
  await mustRun('npm', ['pack', '--silent', '--pack-destination', folder], checkout);
  const { name, version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  await mustRun('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${name}-${version}.tgz`], folder);
});

after(() => rm(folder, { recursive: true, force: true }));

test('the installed command says its version', async () => {
  const { version } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'));
  assert.match((await command(process.execPath, ['version'])).stdout, new RegExp(`^Fairlead v${version}\\b`));
});

for (const [entry, name] of [
  ['fairlead', 'startService'],
  ['fairlead/agent', 'startAgent'],
  ['fairlead/testing', 'startMesh'],
] as const) {
  test(`the installed ${entry} can be imported and required`, async () => {
    const imported = await inFolder(process.execPath, `console.log(typeof (await import('${entry}')).${name})`);
    assert.deepEqual(imported, { code: 0, stdout: 'function\n', stderr: '' });
    const required = `import { createRequire } from 'node:module';
      console.log(typeof createRequire('${folder}/x.js')('${entry}').${name})`;
    assert.equal((await inFolder(process.execPath, required)).stdout, 'function\n');
  });
}

test('the installed types serve a user who checks everything', async () => {
  const program = `
    import { ConnectError, startService } from 'fairlead';
    import { startAgent } from 'fairlead/agent';
    import { fakeClock, type Mesh, startMesh } from 'fairlead/testing';
    export const used: unknown[] = [ConnectError, startService, startAgent];
    export const dial = async (mesh: Mesh<'web' | 'api'>) => (await mesh.service('web').dial('api')).peer.service;
    export const mesh = () => startMesh({ services: ['web', 'api'], intentions: ['web → api: allow'] });
    export const agent = () => startAgent({ dev: true, http: [], clock: fakeClock() });
    export const web = async () => startService({ name: 'web', agent: { fetch: (await agent()).fetch } });
    // @ts-expect-error: a name that is not of the mesh
    export const unknown = async () => (await mesh()).service('wbe');`;
  await writeFile(join(folder, 'user.ts'), program);
  const compiler = join(checkout, 'node_modules/typescript/bin/tsc');
  const types = ['--typeRoots', join(checkout, 'node_modules/@types'), '--types', 'node'];
  const options = [
    '--noEmit',
    '--strict',
    '--module',
    'nodenext',
    '--target',
    'es2024',
    '--lib',
    'es2024,esnext.disposable',
  ];
  await mustRun(process.execPath, [compiler, ...options, ...types, 'user.ts'], folder);
});

test('on a Node that is too old, command and imports say in one line what to install', async (t) => {
  const old = await findOldNode();
  if (old === undefined) return t.skip('there is no older Node on the PATH');
  const said = /^fairlead needs Node \^24\.17\.0 \|\| >=26\.3\.1, this is [\d.]+.*install/i;

  const ran = await command(old, ['version']);
  assert.equal(ran.code, 1);
  assert.equal(ran.stdout, '');
  assert.match(ran.stderr, said);
  assert.equal(ran.stderr.trim().split('\n').length, 1);

  for (const entry of ['fairlead', 'fairlead/agent', 'fairlead/testing']) {
    const script = `import('${entry}').then(() => console.log('loaded'), (error) => console.log(error.message))`;
    assert.match((await inFolder(old, script)).stdout, said, entry);
  }
});

function command(node: string, args: readonly string[]): Promise<Finished> {
  return runProgram(node, [join(folder, 'node_modules/fairlead/bin/fairlead'), ...args], { cwd: folder });
}

function inFolder(node: string, script: string): Promise<Finished> {
  return runProgram(node, ['--input-type=module', '-e', script], { cwd: folder });
}

async function mustRun(program: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stdout, stderr } = await runProgram(program, args, { cwd });
  assert.equal(code, 0, `${program} ${args.join(' ')}:\n${stdout}${stderr}`);
}

async function findOldNode(): Promise<string | undefined> {
  for (const path of (process.env['PATH'] ?? '').split(delimiter).map((entry) => join(entry, 'node'))) {
    if (!existsSync(path)) continue;
    const { stdout } = await runProgram(path, ['--version']);
    if (!isSupported(stdout)) return path;
  }
  return undefined;
}
