import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Finished, runProgram, startProgram } from '../testing/programs.ts';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));

const ends: readonly (readonly [line: string, code: number, stdout: RegExp, stderr: RegExp])[] = [
  ['', 127, /^$/, /^Usage: fairlead /],
  ['-help', 0, /^Usage: fairlead /, /^$/],
  ['help intention create', 0, /^Usage: fairlead intention create /, /^$/],
  ['intention create -h', 0, /^Usage: fairlead intention create .*-replace/s, /^$/],
  ['intention -h', 0, /check .*create .*delete /s, /^$/],
  ['intention', 1, /^$/, /^Usage: fairlead intention /],
  ['nothing', 127, /^$/, /^No such command: nothing\n/],
  ['connect nothing', 1, /^$/, /^No such command: connect nothing\n/],
  ['-version', 0, /^Fairlead v\d/, /^$/],
  ['--version', 0, /^Fairlead v\d/, /^$/],
  ['version -format=json', 0, /"Version": "\d/, /^$/],
  [
    'members -datacentre=x',
    1,
    /^$/,
    /^flag provided but not defined: -datacentre\nDid you mean -datacenter\?\nSee: fairlead members -help\n$/,
  ],
  ['intention check -bogus a b', 2, /^$/, /^flag provided but not defined: -bogus\n/],
];

for (const [line, code, stdout, stderr] of ends) {
  test(`[${line}] ends with ${code} and says why`, async () => {
    const finished = await fairlead(line === '' ? [] : line.split(' '));
    assert.equal(finished.code, code);
    assert.match(finished.stdout, stdout);
    assert.match(finished.stderr, stderr);
  });
}

test('an agent that is not there: what was wanted, where, and what to do', async () => {
  const { code, stderr } = await fairlead(['catalog', 'nodes', '-http-addr', '127.0.0.1:1']);
  assert.equal(code, 1);
  assert.match(stderr, /^Error listing nodes: .*no agent listens at http:\/\/127\.0\.0\.1:1/);
  assert.match(stderr, /fairlead agent -dev.*-http-addr.*CONSUL_HTTP_ADDR/);
});

test('a token that may not: what to give instead, and never the token', async () => {
  await using agent = await answering(403, 'Permission denied');
  const { code, stderr } = await fairlead(['intention', 'list', '-http-addr', agent.address, '-token=very-secret']);
  assert.equal(code, 1);
  assert.match(stderr, /^Error listing intentions: Unexpected response code: 403 \(Permission denied\)\n.*-token-file/);
  assert.doesNotMatch(stderr, /very-secret/);
});

test('an answer that makes no sense is told as such', async () => {
  await using agent = await answering(200, 'hello');
  const { code, stderr } = await fairlead(['catalog', 'datacenters', '-http-addr', agent.address]);
  assert.equal(code, 1);
  assert.match(stderr, /the answer to GET \/v1\/catalog\/datacenters can't be used/);
  assert.doesNotMatch(stderr, /^ +at /m);
});

test('the shell gets its completions', async () => {
  const { stdout } = await fairlead([], { COMP_LINE: 'fairlead intention create -re' });
  assert.equal(stdout, '-replace\n');
});

const proxyModes: readonly (readonly [args: readonly string[], env: Record<string, string>, mode: RegExp])[] = [
  [['connect', 'proxy'], { CONNECT_PROXY_ID: 'web-proxy' }, /no service with ID web-proxy/],
  [['proxy'], { CONSUL_PROXY_ID: 'web-proxy' }, /no service with ID web-proxy/],
  [['proxy'], { CONNECT_SIDECAR_FOR: 'web' }, /No sidecar proxy registered for web/],
  [['proxy', '-sidecar-for', 'api'], { CONNECT_PROXY_ID: 'web-proxy' }, /No sidecar proxy registered for api/],
];

for (const [args, env, mode] of proxyModes) {
  test(`[${args.join(' ')}] with ${JSON.stringify(env)} takes its configuration from the agent, and waits for it`, async () => {
    await using agent = await answering(404, 'unknown', '{}');
    await using proxy = await startProgram(process.execPath, [main, ...args], {
      env: { ...env, CONSUL_HTTP_ADDR: agent.address },
    });
    await proxy.line(mode);
    assert.deepEqual(await proxy.end('SIGTERM'), { code: 0, signal: null });
  });
}

const misused: readonly (readonly [line: string, message: RegExp])[] = [
  ['proxy', /-service or -proxy-id must be specified/],
  ['proxy -service x -register', /-register may only be specified with -service and -listen/],
  ['proxy -service x -listen :1234', /-service-addr must be specified with -listen/],
  ['proxy -service x -upstream db', /Upstream value should be name:addr in "db"/],
  ['proxy -service x -authorize maybe', /-authorize: expected local or agent/],
  ['proxy -service x -admin-addr 99', /-admin-addr: expected host:port/],
  ['proxy -service x -log-level loud', /Invalid log level: loud/],
  ['proxy web', /Should have no non-flag arguments/],
  ['agent -dev -node-meta nocolon', /-node-meta.*expected key:value/],
  [
    'agent -dev -default-intention-policy=maybe',
    /-default-intention-policy \(default_intention_policy\): expected allow or deny/,
  ],
  ['agent -dev -config-file=/nowhere.json', /\/nowhere\.json: can't be read: no such file/],
  ['agent -dev -node-id=x', /-node-id \(node_id\): expected a UUID/],
];

for (const [line, message] of misused) {
  test(`[${line}] ends with 1 and names the place`, async () => {
    const { code, stderr } = await fairlead(line.split(' '));
    assert.equal(code, 1);
    assert.match(stderr, message);
  });
}

function fairlead(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> {
  return runProgram(process.execPath, [main, ...args], { env: { CONSUL_HTTP_ADDR: undefined, ...env } });
}

interface Answering extends AsyncDisposable {
  readonly address: string;
}

/** An agent that says the same to everything; `services` to who asks for those of the agent. */
async function answering(status: number, text: string, services?: string): Promise<Answering> {
  const server: Server = createServer((request, response) => {
    if (services !== undefined && request.url?.startsWith('/v1/agent/services')) response.end(services);
    else response.writeHead(status).end(text);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
