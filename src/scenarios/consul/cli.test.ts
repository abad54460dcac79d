/**
 * The same commands given to the real CLI and to ours, each on a real agent of its own: exit codes and standard output must be
 * the same, byte for byte, but for what is different by nature (IDs, times, ports). Of a failure the first line on standard error counts.
 */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, runProgram } from '../../testing/programs.ts';
import { type RealConsul, startRealConsul } from '../../testing/real-consul.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** In this order: later ones build on what earlier ones did. */
const commands: readonly string[] = [
  'services register web.json',
  'services register many.json',
  'services register -name=db -port=5432 -id=db-1 -address=127.0.0.2 -tag=a -tag=b -meta=k=v',
  'services register -name=db -tagged-address=lan=10.0.0.1:5433 -port=5433',
  'services register web.json many.json',
  'services register',
  'services register -id=only',
  'services register -name=x web.json',
  'services register -name=x -port=x',
  'services register empty.json',
  'services register nothing.json',
  'catalog services',
  'catalog services -tags',
  'catalog services -node=real',
  'catalog services -node=real -tags',
  'catalog services -node=nowhere',
  'catalog services -node-meta=no=thing',
  'catalog services -datacenter=nowhere',
  'catalog services extra',
  'catalog nodes',
  'catalog nodes -service=web',
  'catalog nodes -service=db',
  'catalog nodes -service=nothing',
  'catalog nodes -detailed',
  'catalog nodes -detailed -service=web',
  'catalog nodes -near=_agent -node-meta=no=thing',
  'catalog datacenters',
  'catalog datacenters extra',
  'intention create web db',
  'intention create -deny web api',
  'intention create web db',
  'intention create -allow -replace web api',
  'intention create -deny -replace batch api',
  'intention create -meta=b=2 -meta=a=1 -deny m n',
  'intention create -meta=nothing m o',
  'intention create -deny * *',
  'intention create w* x',
  'intention create one',
  'intention create -allow -deny a b',
  'intention create a/b/c d',
  'intention create -file one.json two.json',
  'intention create -file -replace one.json',
  'intention check web db',
  'intention check -stale batch api',
  'intention check nobody web',
  'intention check web',
  'intention check -datacenter=nowhere web db',
  'intention match db',
  'intention match -source web',
  'intention match -source -destination web',
  'intention match nobody',
  'intention match',
  'intention get web db',
  'intention get m n',
  'intention get web nothing',
  'intention get',
  'intention delete web db',
  'intention delete web db',
  'intention delete * *',
  'intention delete not-an-id',
  'intention delete 11111111-2222-3333-4444-555555555555',
  'intention delete a b c',
  'connect ca get-config',
  'connect ca set-config -config-file ca.json',
  'connect ca set-config -config-file=other.json',
  'connect ca set-config',
  'connect ca get-config',
  'members',
  'members -detailed',
  'members -status=alive',
  'members -status=left',
  'members -wan',
  'maint',
  'maint -enable -service=web -reason=repair',
  'maint -enable',
  'maint',
  'maint -disable -service=web',
  'maint -disable',
  'maint -enable -disable',
  'maint -service=web',
  'maint -reason=x',
  'info',
  'reload',
  'services deregister many.json',
  'services deregister -id=db-1',
  'services deregister -id=nothing',
  'services deregister',
  'services deregister -id=x web.json',
  'catalog services',
  'intention bogus',
  'bogus',
];

/** Of these only the exit code and standard output are compared: our text says more, or says what the command really did. */
const inOwnWords: ReadonlySet<string> = new Set([
  'services register -name=x -port=x',
  'services register nothing.json',
  'intention delete not-an-id',
  'intention delete 11111111-2222-3333-4444-555555555555',
]);

const files: Readonly<Record<string, unknown>> = {
  'web.json': {
    service: {
      name: 'web',
      port: 8080,
      connect: { sidecar_service: { proxy: { upstreams: [{ destination_name: 'db', local_bind_port: 21_088 }] } } },
    },
  },
  'many.json': {
    services: [
      { name: 'a', port: 1, meta: { some_key: 'x' }, weights: { passing: 2, warning: 1 } },
      { ID: 'b-1', Name: 'b', Port: 2, Tags: ['y', 'x'], Check: { id: 'b', ttl: '30s' }, enable_tag_override: true },
    ],
  },
  'empty.json': {},
  'one.json': { SourceName: 'f', DestinationName: 'g', Action: 'deny' },
  'two.json': { SourceName: 'f', DestinationName: 'h', Action: 'allow' },
  'ca.json': { Provider: 'consul', Config: { LeafCertTTL: '48h', RotationPeriod: '2160h' } },
  'other.json': { Provider: 'other' },
};

let folder: string;
let agents: readonly [theirs: RealConsul, ours: RealConsul];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-cli-'));
  await Promise.all(Object.entries(files).map(([name, value]) => writeFile(join(folder, name), JSON.stringify(value))));
  agents = await Promise.all([startRealConsul(), startRealConsul()]);
});

after(async () => {
  await Promise.all(agents.map((agent) => agent.close()));
  await rm(folder, { recursive: true });
});

for (const [at, command] of commands.entries()) {
  test(`${at + 1}: ${command}`, async () => {
    const [theirs, ours] = await Promise.all([
      runProgram(theirsProgram(), command.split(' '), { cwd: folder, env: addressOf(agents[0]) }),
      runProgram(process.execPath, [main, ...command.split(' ')], { cwd: folder, env: addressOf(agents[1]) }),
    ]);
    assert.deepEqual(comparable(command, ours), comparable(command, theirs));
  });
}

function addressOf(agent: RealConsul): Record<string, string> {
  return { CONSUL_HTTP_ADDR: agent.address };
}

function theirsProgram(): string {
  return fileURLToPath(new URL('../../../.peers/consul/consul', import.meta.url));
}

function comparable(command: string, { code, stdout, stderr }: Finished): object {
  // Help, and what is said of a wrong command line beyond its first line, is in our own words.
  const isHelp = code !== 0 && /^(Usage:|No such command)/.test(stderr);
  const isOurs = stderr !== '' && inOwnWords.has(command);
  return {
    code,
    stdout: mask(stdout, command),
    stderr: isHelp ? 'help' : isOurs ? 'own words' : mask(stderr.split('\n')[0] ?? '', command),
  };
}

/** Takes out what is different between two agents, or two moments. */
function mask(text: string, command: string): string {
  const masked = text
    .replace(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<id>')
    .replace(/\b[0-9a-f]{8}\b/g, '<short id>')
    .replace(/[A-Z][a-z]+day, \d\d-[A-Z][a-z]{2}-\d\d \d\d:\d\d:\d\d/g, '<time>')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:<port>')
    .replace(/\b(port|wan_join_port)=\d+/g, '$1=<port>')
    .replace(/"(Create|Modify)Index": \d+/g, '"$1Index": <index>');
  return command === 'info' ? masked.replace(/ = .*/g, ' = <value>') : masked;
}
