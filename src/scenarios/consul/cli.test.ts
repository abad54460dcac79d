/**
 * The same commands given to the real CLI and to ours, on the real agent and on ours, each pair by itself. Exit codes, standard output
 * and the first line on standard error must be those of the real pair, byte for byte, but for IDs, times, ports and listed differences.
 */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, test } from 'node:test';
import type { Finished } from '../../testing/index.ts';
import { type FourWays, mask, startFourWays, type Way } from './four-ways.ts';

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
  'connect ca set-config -config-file=key.json',
  'connect ca get-config',
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

/** What our CLI writes to standard error in its own words: it says more, or what the command really did. */
const ownWords: ReadonlySet<string> = new Set([
  'services register -name=x -port=x',
  'services register nothing.json',
  'intention delete not-an-id',
  'intention delete 11111111-2222-3333-4444-555555555555',
]);

type Change = (text: string) => string;

/** Where our agent answers otherwise than 1.8.7: what to take out on both sides before comparing, and why. */
const differences: Readonly<Record<string, { readonly reason: string; readonly apart: Change }>> = {
  'intention create web db': {
    reason: 'from 1.9 on, a second intention between the same two is refused in other words',
    apart: (text) => text.replace(/\(duplicate intention.*|\(Sources\[1\].*/, '(<refused>)'),
  },
  ...Object.fromEntries(
    ['members', 'members -detailed', 'members -status=alive', 'members -wan'].map((command) => [
      command,
      {
        reason: 'it calls itself 1.10.0, with the tags of that version, which moves the columns',
        apart: (text: string) =>
          text
            .replace(/1\.(8\.7|10\.0)/g, '<version>')
            .replace('ft_si=1,', '')
            .replace(/ +/g, ' '),
      },
    ]),
  ),
  'intention delete not-an-id': {
    reason: 'from 1.9 on, intentions are looked up among config entries',
    apart: (text) => text.replace('failed config entry lookup', 'failed intention lookup'),
  },
  'connect ca get-config': {
    reason: 'our agent never shows the private key of its CA',
    apart: (text) => text.replace(/^\t\t"PrivateKey": .*\n/m, ''),
  },
  maint: {
    reason: 'the reason that stands where none was given is in our own words',
    apart: (text) => text.replace(/Maintenance mode is enabled for this node.*/, '<no reason>'),
  },
};

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
  'key.json': { Provider: 'consul', Config: { LeafCertTTL: '48h', RotationPeriod: '2160h', PrivateKey: newKey() } },
  'other.json': { Provider: 'other' },
};

let ways: FourWays;

before(async () => {
  ways = await startFourWays({ files });
});

after(() => ways.close());

for (const [at, command] of commands.entries()) {
  test(`${at + 1}: ${command}`, async () => {
    const args = command.split(' ');
    const [expected, ...found] = await Promise.all([ways.reference, ...ways.others].map((way) => way.run(args)));
    for (const [index, way] of ways.others.entries()) {
      assert.deepEqual(
        { in: way.title, ...comparable(command, found[index], way) },
        { in: way.title, ...comparable(command, expected, way) },
      );
    }
  });
}

function comparable(command: string, finished: Finished | undefined, { isOurCli, isOurAgent }: Way): object {
  const { code, stdout = '', stderr = '' } = finished ?? {};
  const apart: Change = (isOurAgent && differences[command]?.apart) || ((text) => text);
  // Help, and what is said of a wrong command line beyond its first line, is in our own words.
  const isHelp = code !== 0 && /^(Usage:|No such command)/.test(stderr);
  const complaint = isOurCli && ownWords.has(command) ? '<own words>' : (stderr.split('\n')[0] ?? '');
  return {
    code,
    stdout: inOrder(command, apart(mask(stdout))),
    stderr: isHelp ? '<help>' : apart(mask(complaint)),
  };
}

/** What is in maintenance is printed in the order of a map of Go's: in any. */
function inOrder(command: string, text: string): string {
  return command === 'maint' ? text.split('\n\n').sort().join('\n\n') : text;
}

function newKey(): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return privateKey.export({ type: 'sec1', format: 'pem' }).toString();
}
