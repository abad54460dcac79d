/**
 * The import rules, as a test. To see the architecture read `rooms`; to change it, change `rooms` first.
 */

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

/** What tests may use, in the order of the table below. */
const everythingBelow = [
  'base',
  'pki',
  'issuing',
  'intentions',
  'http',
  'hcl',
  'api',
  'mtls',
  'connect',
  'relay',
  'admin',
  'proxy',
  'agent',
  'mesh',
];

/** Each room under `src/` with the rooms it may import. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  base: [],
  pki: ['base'],
  issuing: ['base', 'pki'],
  intentions: ['base'],
  http: ['base'],
  hcl: ['base'],
  api: ['base'],
  mtls: ['base', 'pki', 'intentions'],
  connect: ['base', 'pki', 'intentions', 'api', 'mtls'],
  relay: ['base', 'pki', 'intentions', 'mtls'],
  admin: ['base', 'http'],
  proxy: ['base', 'api', 'mtls', 'connect', 'relay', 'admin'],
  agent: ['base', 'pki', 'issuing', 'intentions', 'api', 'http', 'hcl', 'admin'],
  mesh: ['base', 'connect', 'agent'],
  testing: everythingBelow,
  cli: ['base', 'intentions', 'hcl', 'api', 'admin', 'proxy', 'agent'],
  scenarios: [...everythingBelow, 'testing'],
};

/** What a room may load by `import()` when it is asked for, and not before. */
const onDemand: Readonly<Record<string, readonly string[]>> = {
  connect: ['issuing'], // development mode makes a throwaway CA
};

const src = fileURLToPath(new URL('./', import.meta.url));
const page = readFileSync(join(src, '../ARCHITECTURE.md'), 'utf8');

test('a room imports only the rooms below it, through their index', () => {
  assert.deepEqual(findViolations(), []);
});

test('ARCHITECTURE.md shows these rooms', () => {
  const rows = page.matchAll(/^\| `(\w+)` \| [^|]+ \| ([^|]+) \|$/gm);
  const shown = Object.fromEntries(
    [...rows].map(([, room, list = '']) => [room, list === '–' ? [] : list.split(', ')]),
  );
  assert.deepEqual(shown, rooms);
});

test('every file that ARCHITECTURE.md walks through is there', () => {
  const paths = [...page.matchAll(/`((?:[\w-]+\/)+[\w.-]+\.[tj]s)`/g)].map(([, path = '']) => path);
  const missing = paths.filter((path) => !existsSync(join(src, path)) && !existsSync(join(src, '..', path)));
  assert.deepEqual(missing, []);
});

function findViolations(): string[] {
  return readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => importsOf(file).flatMap((found) => judge(file, found)));
}

interface Import {
  /** A path under `src/`. */
  readonly target: string;
  readonly lazy: boolean;
}

/** Relative imports of a file. */
function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*(\(?)\s*'(\.[^']+)'/g)].map(([, parenthesis, path = '']) => ({
    target: relative(src, resolve(src, dirname(file), path)),
    lazy: parenthesis === '(',
  }));
}

function judge(file: string, { target, lazy }: Import): string[] {
  const [from, to] = [roomOf(file), roomOf(target)];
  if (from === to || from === undefined) return []; // within a room; or an entry file, which may import any room
  const allowed = [...(rooms[from] ?? []), ...((lazy && onDemand[from]) || [])];
  if (to === undefined || !allowed.includes(to)) return [`${file} imports ${target}`];
  return target === join(to, 'index.ts') ? [] : [`${file} reaches into ${target}`];
}

/** The first folder of a path, or undefined for a file directly in `src/`. */
function roomOf(path: string): string | undefined {
  const parts = path.split(sep);
  return parts.length > 1 ? parts[0] : undefined;
}
