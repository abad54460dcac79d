import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { InputError } from '../../base/index.ts';
import { fuzzRuns, mutated, pollutionCheck } from '../../testing/fuzz.ts';
import { checkForApi, serviceForApi } from './definitions.ts';
import { type Config, loadConfig } from './load-config.ts';
import { findNearest } from './nearest.ts';
import { largest, readSources } from './source.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-config-'));
});
after(() => rm(folder, { recursive: true }));

test('keys are understood in any case, and blocks as what they are', async () => {
  const { values, services } = loadHcl(`
    Data_Dir = "/data"
    PORTS { Http = 8501 }
    service { Name = "a" connect { sidecar_service {} } }
    service { name = "b" checks = [{ TTL = "5s" }, { scriptargs = ["x"] }] }`);
  assert.deepEqual(values, { data_dir: '/data', ports: { http: 8501 } });
  assert.deepEqual(
    services.map(({ value }) => value),
    [
      { name: 'a', connect: { sidecar_service: {} } },
      { name: 'b', checks: [{ ttl: '5s' }, { args: ['x'] }] },
    ],
  );
});

test('files count in the order of the line, a folder by name; then flags; then texts', async () => {
  const conf = join(folder, 'conf.d');
  await mkdir(join(conf, 'below'), { recursive: true });
  await writeFile(join(conf, 'b.hcl'), 'node_name = "b"\nrecursors = ["b"]\nservice { name = "b" }');
  await writeFile(join(conf, 'a.json'), '{"node_name": "a", "recursors": ["a"], "node_meta": {"a": "1", "x": "a"}}');
  await writeFile(join(conf, 'c.txt'), 'not ours');
  await writeFile(join(conf, 'below', 'd.json'), 'not ours');
  const last = await write('last.json', '{"node_meta": {"x": "last"}, "service": {"name": "last"}}');
  const config = loadConfig({
    paths: [conf, last],
    values: { node_name: 'flag', ports: { http: 1 } },
    texts: ['ports { dns = 2 }'],
  });
  assert.deepEqual(config.values, {
    node_name: 'flag',
    recursors: ['a', 'b'],
    node_meta: { a: '1', x: 'last' },
    ports: { http: 1, dns: 2 },
  });
  assert.deepEqual(
    config.services.map(({ value }) => value['name']),
    ['b', 'last'],
  );
  assert.deepEqual(config.skipped, [join(conf, 'c.txt')]);
  assert.equal(config.placeOf('node_meta'), `${last}:1: node_meta`);
  assert.equal(config.placeOf('recursors'), `${join(conf, 'b.hcl')}:2: recursors`);
  assert.equal(config.placeOf('log_level'), undefined);

  const turned = loadConfig({ paths: [last, conf] });
  assert.deepEqual(turned.values['node_meta'], { a: '1', x: 'a' });
});

test('definitions become what the API takes, and opaque maps stay as they are', async () => {
  const { services, checks } = loadHcl(`
    service {
      name = "web" meta { some_key = "x" } tagged_addresses { lan { address = "h" port = 1 } }
      proxy { config { bind_port = 1 nested { some_key = [1] } } upstreams { destination_name = "db" local_bind_port = 5 } }
    }
    check { id = "mem" args = ["x"] ttl = "5s" tls_skip_verify = true h2ping = "h" deregister_critical_service_after = 1500000000 }`);
  assert.deepEqual(
    services.map(({ value }) => serviceForApi(value)),
    [
      {
        Name: 'web',
        Meta: { some_key: 'x' },
        TaggedAddresses: { lan: { Address: 'h', Port: 1 } },
        Proxy: {
          Config: { bind_port: 1, nested: { some_key: [1] } },
          Upstreams: [{ DestinationName: 'db', LocalBindPort: 5 }],
        },
      },
    ],
  );
  assert.deepEqual(
    checks.map(({ value }) => checkForApi(value)),
    [
      {
        CheckID: 'mem',
        ScriptArgs: ['x'],
        TTL: '5s',
        TLSSkipVerify: true,
        H2PING: 'h',
        DeregisterCriticalServiceAfter: '1.5s',
      },
    ],
  );
});

const refusedJson: readonly (readonly [text: string, message: RegExp])[] = [
  ['{\n  "node_name": "x",\n  "bogus": 1\n}', /a\.json:3: bogus: there is no such key$/],
  ['{"node_nmae": "x"}', /a\.json:1: node_nmae: there is no such key; did you mean node_name\?$/],
  ['{"nodeName": "x"}', /a\.json:1: nodeName: there is no such key; did you mean node_name\?$/],
  ['{"ports": {\n"http": "8500"}}', /a\.json:2: ports\.http: expected a port, up to 65535, found text$/],
  ['{"node_name": 5}', /a\.json:1: node_name: expected text, found a number$/],
  [
    '{"services": [\n{"name": "a"},\n{"connect": {"sidecar_service": {"x": 1}}}]}',
    /a\.json:3: services\[1\]\.connect\.sidecar_service\.x/,
  ],
  ['{"services": [5]}', /a\.json:1: services\[0\]: expected a block, found a number$/],
  ['{"check": {"ttl": 5}}', /check\.ttl: expected a duration such as "10s", found a number$/],
  ['{"acl": {"tokens": {"master": ["s3cret", "s3cret"]}}}', /acl\.tokens\.master: expected text, found a list of 2$/],
  ['{"a": 1, "b": 2}', /a: there is no such key.*\n.*b: there is no such key/],
  ['{\n  "a": 1,\n}', /a\.json:3: this is no JSON: expected double-quoted property name$/],
  ['{\n"encrypt": s3cret}', /a\.json:2: this is no JSON: unexpected character$/],
  ['{"encrypt": "s3cret"', /a\.json:1: this is no JSON: expected ',' or '}' after property value$/],
  ['[1]', /a\.json: expected an object$/],
  ['{"watches": '.concat('['.repeat(100), ']'.repeat(100), '}'), /a\.json: nested more than 64 deep$/],
];

const refusedHcl: readonly (readonly [text: string, message: RegExp])[] = [
  ['# x {\nnode_name = "x"\nbogus = 1', /a\.hcl:3: bogus: there is no such key$/],
  [
    'service { name = "a" }\nservice {\n  name = "b"\n  check { intervall = "1s" }\n}',
    /a\.hcl:4: service\[1\]\.check\.intervall:.*mean interval/,
  ],
  ['ports { http = 1 }\nports { dns = 1 }', /a\.hcl:1: ports: expected one block, found a list of 2$/],
  ['note = <<END\n{\nEND\nbogus = 1', /a\.hcl:1: note:.*\n.*a\.hcl:4: bogus/],
  ['a {', /a\.hcl:1:4: the block is not closed$/],
  ['encrypt s3cret', /a\.hcl:1:15: expected { after a label$/],
  ['encrypt = 31415926535897932', /a\.hcl:1:11: the number is out of range$/],
  ['encrypt = = "s3cret"', /a\.hcl:1:11: expected a value$/],
];

for (const [name, cases] of [
  ['a.json', refusedJson],
  ['a.hcl', refusedHcl],
] as const) {
  for (const [text, message] of cases) {
    test(`${name} with ${JSON.stringify(text).slice(0, 80)} is refused where it is wrong, with nothing of what it holds`, async () => {
      const path = await write(name, text);
      assert.throws(
        () => loadConfig({ paths: [path] }),
        (error: unknown) => {
          assert.ok(error instanceof InputError);
          assert.match(error.message, message);
          assert.doesNotMatch(error.message, /s3cret|31415/);
          return true;
        },
      );
    });
  }
}

test('what is no configuration file is not read unless its format is said', async () => {
  const path = await write('agent.conf', 'node_name = "x"');
  assert.throws(() => loadConfig({ paths: [path] }), { message: /agent\.conf: expected a name that ends in/ });
  assert.deepEqual(loadConfig({ paths: [path], format: 'hcl' }).values, { node_name: 'x' });
  assert.throws(() => loadConfig({ paths: [join(folder, 'none.json')] }), {
    message: /none\.json: can't be read: no such file/,
  });
});

test('a file of any size takes no more memory than the largest allowed', () => {
  assert.throws(() => readSources(['/dev/zero'], 'json'), { message: /^\/dev\/zero: larger than 4 MiB/ });
  assert.equal(largest.hcl, 1 << 20);
});

test('a file that is all unknown keys is refused with the first of them', { timeout: 30_000 }, async () => {
  const keys = Array.from({ length: 200_000 }, (_, at) => [`k${at}`, 1]);
  const path = await write('unknown.json', JSON.stringify(Object.fromEntries(keys)));
  assert.throws(
    () => loadConfig({ paths: [path] }),
    (error: Error) => error.message.split('\n').length === 20,
  );
});

const meant: readonly (readonly [written: string, meant: string | undefined])[] = [
  ['nodeName', 'node_name'],
  ['nodename', 'node_name'],
  ['prot', 'port'],
  ['ndoe_nmae', 'node_name'],
  ['x', undefined],
  ['entirely_different', undefined],
  ['n'.repeat(10_000), undefined],
];

for (const [written, name] of meant) {
  test(`who writes ${written.slice(0, 20)} meant ${name ?? 'nothing known'}`, () => {
    assert.equal(findNearest(written, ['node_name', 'port', 'node_meta']), name);
  });
}

/** Pieces that configuration is made of, so that some texts get far. */
const piece = fc.constantFrom(
  ...['service', 'check', 'ports', 'http', 'acl', 'tokens', 'node_meta', '__proto__', 'constructor', 'connect', 'x'],
  ...[
    '{',
    '}',
    '[',
    ']',
    '=',
    ':',
    ',',
    '"',
    '\n',
    ' ',
    '"name"',
    '"a"',
    '1',
    '-1',
    'true',
    'null',
    '"5s"',
    '<<E\n',
    '${',
    '\\',
    '#',
    '/*',
  ],
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.array(piece, { maxLength: 60 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.json().map((text) => Buffer.from(text)),
  fc.dictionary(piece, fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value))),
  mutated([
    'node_name = "a"\nports { http = 8501 }\nservice { name = "web" connect { sidecar_service {} } check { ttl = "5s" } }\n',
    '{"node_name": "a", "acl": {"enabled": true}, "services": [{"name": "web", "meta": {"a": "b"}, "port": 80}]}',
  ]).map((text) => Buffer.from(text)),
);

for (const name of ['any.json', 'any.hcl']) {
  test(`any bytes in ${name} are read or refused in a line that names the file`, async () => {
    await fc.assert(
      fc.asyncProperty(bytes, async (content) => {
        const path = await write(name, content);
        try {
          loadConfig({ paths: [path] });
        } catch (error) {
          assert.ok(error instanceof InputError, String(error));
          assert.ok(error.message.includes(path));
        }
        pollutionCheck();
      }),
      { numRuns: fuzzRuns(300) },
    );
  });
}

async function write(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

function loadHcl(text: string): Config {
  return loadConfig({ paths: [], texts: [text] });
}
