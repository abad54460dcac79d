import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as sdk from './index.ts';
import { runProgram } from './testing/index.ts';
import * as kit from './testing.ts';

test('the SDK exports these names and no others', () => {
  assert.deepEqual(Object.keys(sdk).sort(), ['ConnectError', 'InputError', 'Secret', 'development', 'startService']);
});

test('the testing kit exports these names and no others', () => {
  assert.deepEqual(Object.keys(kit).sort(), ['ConnectError', 'InputError', 'fakeClock', 'startMesh']);
});

test('the testing kit loads nothing that only our own tests use', async () => {
  const loaded = await modulesLoadedBy(new URL('./testing.ts', import.meta.url));
  const rooms = loaded.map((url) => /\/src\/(\w+)\//.exec(url)?.[1]);
  assert.ok(rooms.includes('mesh') && !rooms.includes('testing') && !rooms.includes('cli'));
});

test('importing the SDK loads no library, no SQLite, and no room that its users do not need', async () => {
  const loaded = await modulesLoadedBy(new URL('./index.ts', import.meta.url));
  const packages = loaded.map((url) => /\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1]).filter(Boolean);
  assert.deepEqual([...new Set(packages)], []);
  assert.ok(!loaded.includes('node:sqlite'));
  const rooms = loaded.map((url) => /\/src\/(\w+)\//.exec(url)?.[1]).filter((room) => room !== undefined);
  assert.deepEqual([...new Set(rooms)].sort(), ['api', 'base', 'connect', 'intentions', 'mtls', 'pki']);
});

/** URLs of all modules that importing `entry` in a new process resolves. */
async function modulesLoadedBy(entry: URL): Promise<string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        loaded.push(found.url);
        return found;
      },
    });
    await import(${JSON.stringify(entry.href)});
    console.log(JSON.stringify(loaded));`;
  const cwd = fileURLToPath(new URL('../', import.meta.url));
  const { code, stdout, stderr } = await runProgram(process.execPath, ['--input-type=module', '-e', script], { cwd });
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}
