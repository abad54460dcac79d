/** The commands of ACLs, given to the real CLI and to ours, on the real agent and on ours: same exit codes, same output. */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Finished } from '../../testing/index.ts';
import { type FourWays, mask, startFourWays, type Way } from './four-ways.ts';

const accessor = 'aaaaaaaa-0000-0000-0000-00000000000a';
const secret = 'aaaaaaaa-0000-0000-0000-00000000000b';
const nobody = '11111111-2222-3333-4444-555555555555';

/** In this order: later ones build on what earlier ones did. `{role:r1}` is the ID of that role, on each agent its own. */
const commands: readonly string[] = [
  'acl',
  'acl token list',
  'acl bootstrap',
  'acl policy create',
  'acl policy create -name web -description frontend -rules @web.hcl',
  'acl policy create -name web',
  'acl policy create -name bad/name',
  'acl policy create -name bad -rules @broken.hcl',
  'acl policy create -name bad -rules @none.hcl',
  'acl policy create -name reader -rules=acl="read" -valid-datacenter dc1 -valid-datacenter dc2 -meta',
  'acl policy create -name other -format json',
  'acl policy list',
  'acl policy list -meta',
  'acl policy list -format=json',
  'acl policy list -format xml',
  'acl policy read -name web',
  'acl policy read -name web -meta',
  'acl policy read -name reader -format json',
  'acl policy read -name nothing',
  'acl policy read -id nothing',
  `acl policy read -id ${nobody}`,
  'acl policy read',
  'acl policy update -name web -description changed',
  'acl policy update -name other -no-merge -description only -rules=operator="read"',
  'acl policy update -name other -no-merge',
  'acl policy update -name other -valid-datacenter dc1 -meta',
  'acl policy update',
  'acl policy update -name nothing -description x',
  'acl role create',
  'acl role create -name r1',
  'acl role create -name r1 -policy-name web -description first',
  'acl role create -name r2 -policy-name web -policy-name reader -service-identity api -service-identity db:dc1 -node-identity n:dc1 -meta',
  'acl role create -name r1 -policy-name web',
  'acl role create -name r3 -policy-name web -format json',
  'acl role create -name r4 -policy-name nothing',
  'acl role create -name r4 -service-identity a:b:c',
  'acl role list',
  'acl role list -meta',
  'acl role list -format json',
  'acl role read',
  'acl role read -name r2',
  'acl role read -name r2 -meta -format=json',
  'acl role read -id {role:r1}',
  'acl role read -name nothing',
  'acl role read -id nothing',
  `acl role read -id ${nobody}`,
  'acl role update',
  'acl role update -id nothing',
  'acl role update -id {role:r1} -description changed',
  'acl role update -id {role:r1} -policy-name reader -policy-name web',
  'acl role update -id {role:r1} -service-identity k -node-identity m:dc1',
  'acl role update -id {role:r1} -no-merge -name r1 -policy-name reader',
  'acl role update -id {role:r1} -no-merge',
  'acl role delete',
  'acl role delete -name r3',
  'acl role delete -name r3',
  'acl role delete -id nothing',
  'acl token create',
  'acl token create -policy-name nothing',
  'acl token create -policy-id nothing',
  'acl token create -policy-id 00000000 -description boss',
  'acl token create -policy-name web -role-name nothing',
  'acl token create -service-identity a:b:c',
  'acl token create -node-identity n',
  `acl token create -accessor ${accessor} -secret ${secret} -description full -policy-name web -policy-name reader -role-name r1 -service-identity api:dc1 -node-identity n:dc1 -expires-ttl 1h -meta`,
  `acl token create -accessor ${accessor} -policy-name web`,
  'acl token create -policy-name web -local -format json',
  'acl token create -service-identity api:dc1 -local',
  'acl token create -policy-name web -expires-ttl 10s',
  'acl token list',
  'acl token list -meta',
  'acl token list -format json',
  'acl token read',
  'acl token read -id aaaaaaaa',
  'acl token read -id aaaaaaaa -meta',
  'acl token read -id aaaaaaaa -format json',
  'acl token read -self',
  `acl token read -self -token ${secret}`,
  `acl token read -id ${accessor} -token ${secret}`,
  'acl token read -id anonymous',
  'acl token read -id nothing',
  `acl token read -id ${nobody}`,
  'acl token read -self -token nothing',
  'acl token update',
  'acl token update -id nothing',
  `acl token update -id ${accessor} -description changed -merge-policies -merge-roles -merge-service-identities -merge-node-identities`,
  `acl token update -id ${accessor} -policy-name other -policy-name web -merge-policies`,
  `acl token update -id ${accessor} -service-identity zz -merge-service-identities -node-identity m:dc1 -merge-node-identities -role-name r2 -merge-roles`,
  `acl token update -id ${accessor} -policy-name web`,
  `acl token update -id ${accessor}`,
  'acl token update -id anonymous -policy-name reader',
  `acl token update -id ${nobody} -description x`,
  'acl token clone',
  'acl token clone -id nothing',
  'acl token clone -id aaaaaaaa -description copy',
  'acl token clone -id aaaaaaaa',
  'acl policy delete',
  'acl policy delete -name reader',
  'acl policy delete -name reader',
  'acl policy delete -id 00000000-0000-0000-0000-000000000001',
  'acl token read -id anonymous',
  'acl token delete',
  'acl token delete -id nothing',
  'acl token delete -id aaaaaaaa',
  'acl token delete -id 00000000-0000-0000-0000-000000000002',
  'acl set-agent-token',
  'acl set-agent-token default',
  'acl set-agent-token default x y',
  'acl set-agent-token nothing x',
  'acl set-agent-token replication x',
  'acl set-agent-token master x',
  'acl set-agent-token agent x',
  'acl set-agent-token default x',
  'members -token nothing',
  'acl token create -policy-name web -token nothing',
  'acl bootstrap',
  'acl policy bogus',
];

/** What our CLI writes to standard error in its own words. */
const ownWords: ReadonlySet<string> = new Set([
  'acl policy list -format xml', // says what is expected
  'acl token create -policy-id nothing', // says which
  'acl role create -name r4 -service-identity a:b:c',
  'acl token create -service-identity a:b:c',
  'acl token create -node-identity n',
]);

const files = {
  'web.hcl': 'service "web" {\n  policy = "write"\n}\n',
  'broken.hcl': 'service "x" {',
};

let ways: FourWays;
/** The token of `acl bootstrap`, on each agent its own. */
const tokens = new Map<Way, string>();

before(async () => {
  const acl = { enabled: true, default_policy: 'allow' }; // so that an agent answers before it is bootstrapped
  ways = await startFourWays({ files, real: { config: { acl } }, ours: { acl } });
});

after(() => ways.close());

for (const [at, command] of commands.entries()) {
  test(`${at + 1}: ${command}`, async () => {
    const [expected, ...found] = await Promise.all([ways.reference, ...ways.others].map((way) => run(way, command)));
    for (const [index, way] of ways.others.entries()) {
      assert.deepEqual(
        { in: way.title, ...comparable(command, found[index], way) },
        { in: way.title, ...comparable(command, expected, way) },
      );
    }
  });
}

async function run(way: Way, command: string): Promise<Finished> {
  const token = tokens.get(way);
  const ids = new Map<string, string>();
  for (const [, name = ''] of command.matchAll(/\{role:(\w+)\}/g)) ids.set(name, await roleId(way, name));
  const args = command.split(' ').map((word) => word.replace(/\{role:(\w+)\}/, (_, name) => ids.get(name) ?? ''));
  const finished = await way.run(args, token === undefined ? {} : { CONSUL_HTTP_TOKEN: token });
  const given = /SecretID: +(\S+)/.exec(finished.stdout)?.[1];
  if (command === 'acl bootstrap' && given !== undefined) tokens.set(way, given);
  return finished;
}

async function roleId(way: Way, name: string): Promise<string> {
  const headers = { 'X-Consul-Token': tokens.get(way) ?? '' };
  const answer = await fetch(`http://${way.address}/v1/acl/role/name/${name}`, { headers });
  return ((await answer.json()) as { ID: string }).ID;
}

function comparable(command: string, finished: Finished | undefined, { isOurCli }: Way): object {
  const { code, stdout = '', stderr = '' } = finished ?? {};
  // Help, and what is said of a wrong command line beyond its first line, is in our own words.
  const isHelp = code !== 0 && /^(Usage:|No such command)/.test(stderr);
  const complaint = isOurCli && ownWords.has(command) ? '<own words>' : (stderr.split('\n')[0] ?? '');
  return {
    code,
    stdout: / list\b/.test(command) ? inOrder(stdout) : mask(stdout),
    // What is wrong with HCL, our agent says in plain words, and its columns count from one. A denial of ours says what is missing.
    stderr: isHelp
      ? '<help>'
      : mask(complaint.replace(/(ACL rules: At \d+):\d+: [^)]*|(Permission denied): Missing [^)]*/, '$1$2')),
  };
}

/** Lists are ordered by random IDs: their entries, ordered by what they say. */
function inOrder(text: string): unknown {
  const entries = text.startsWith('[')
    ? (JSON.parse(text) as object[]).map((entry) => JSON.stringify(entry, undefined, 1))
    : text.replace(/\n+$/, '').split(text.startsWith('AccessorID') ? /\n\n/ : /\n(?=\S)/);
  return entries.map((entry) => withoutNodes(mask(entry))).sort();
}

/** In place of the nodes that a token stands for, 1.8.7 lists its services a second time. */
function withoutNodes(entry: string): string {
  return entry.replace(/\nNode Identities:(\n {3}.*)+/, '').replace(/(\nService Identities:(?:\n {3}\w.*)+)\1/, '$1');
}
