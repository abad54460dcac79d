import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressOfAgent as addressOf, startAgentProgram as startAgent } from '../../testing/agent-program.ts';
import { runProgram } from '../../testing/programs.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-agent-'));
});
after(() => rm(folder, { recursive: true }));

test('an agent that is told neither where to keep its state nor to keep none names both ways', async () => {
  const { code, stderr } = await fairlead('agent');
  assert.equal(code, 1);
  assert.match(stderr, /-data-dir.*-dev/);
});

test('an agent whose port is taken says by what it is chosen', async () => {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await fairlead('agent', '-dev', `-http-port=${port}`);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${port}.* in use`));
    assert.match(stderr, /-http-port/);
  } finally {
    server.close();
  }
});

test('a pasted Consul line starts an agent, with one warning about what means nothing here', async () => {
  const line =
    '-server -bootstrap-expect=1 -bind 127.0.0.1 -retry-join other -encrypt x -serf-lan-port 1 -raft-protocol 3 -dev';
  await using agent = await startAgent(...line.split(' '));
  assert.deepEqual(settingsWarnedOf(agent.output()), [
    '-bootstrap-expect',
    '-encrypt',
    '-raft-protocol',
    '-retry-join',
    '-serf-lan-port',
    '-server',
  ]);
});

test('the summary at the start says what happens where no intention matches, ACLs considered', async () => {
  await using agent = await startAgent('-dev', '-hcl', 'acl { enabled = true default_policy = "deny" }');
  assert.match(agent.output(), /Intention default: deny$/m);
});

test('SIGINT and SIGTERM end an agent with 0, blocked queries or not', async () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    const agent = await startAgent('-dev');
    const address = addressOf(agent);
    const index = (await get(address, '/v1/catalog/services')).headers['x-consul-index'];
    const blocked = get(address, `/v1/catalog/services?index=${index}`).catch(() => undefined);
    assert.deepEqual(await agent.end(signal), { code: 0, signal: null });
    await blocked;
  }
});

test('an empty file is filled and read again, by the API and by SIGHUP, and a broken one changes nothing', async () => {
  const [first, second] = [join(folder, 'a.json'), join(folder, 'b.json')];
  const pidFile = join(folder, 'pid');
  await writeFile(first, JSON.stringify({ node_name: 'filed', performance: { raft_multiplier: 1 } }));
  await writeFile(second, '');
  await using agent = await startAgent(`-config-file=${first}`, '-config-file', second, '-dev', `-pid-file=${pidFile}`);
  const address = addressOf(agent);
  assert.equal(await readFile(pidFile, 'utf8'), `${agent.pid}\n`);

  await writeFile(second, JSON.stringify({ service: { name: 'web', port: 80, Meta: { a: 'b' } } }));
  assert.equal((await get(address, '/v1/agent/reload', 'PUT')).status, 200);
  assert.deepEqual(await serviceIds(address), ['web']);

  await writeFile(second, JSON.stringify({ services: [{ name: 'api' }, { name: 'db', ID: 'db-1' }] }));
  process.kill(agent.pid, 'SIGHUP');
  await agent.line(/"services":2,.*definitions loaded/);
  assert.deepEqual(await serviceIds(address), ['api', 'db-1']);

  await writeFile(second, '{"service": {"nmae": "web"}}');
  process.kill(agent.pid, 'SIGHUP');
  await agent.line(/b\.json:1: service\.nmae: there is no such key; did you mean name\?/);
  assert.deepEqual(await serviceIds(address), ['api', 'db-1']);
});

test('a reload keeps what came over the API, follows the log level, and names what waits for a restart', async () => {
  const config = join(folder, 'reloaded.hcl');
  await writeFile(config, 'node_name = "one"\nservice { name = "filed" }\nservice { name = "gone" }');
  await using agent = await startAgent('-dev', '-config-file', config);
  const address = addressOf(agent);
  const registered = await runFairlead(['services', 'register', '-name=asked'], { CONSUL_HTTP_ADDR: address });
  assert.equal(registered.code, 0, registered.stderr);
  assert.deepEqual(await serviceIds(address), ['asked', 'filed', 'gone']);

  await writeFile(
    config,
    'node_name = "two"\nlog_level = "warn"\nports { http = 1 }\nservice { name = "filed" port = 5 }',
  );
  assert.equal((await get(address, '/v1/agent/reload', 'PUT')).status, 200);
  assert.deepEqual(await serviceIds(address), ['asked', 'filed']);
  await agent.line(/"settings":\["node_name"\].*changed settings wait for a restart/); // -http-port wins before and after
  assert.doesNotMatch(agent.output(), /"services":1,.*definitions loaded/);

  await writeFile(
    config,
    'node_name = "two"\nservice { name = "x" kind = "connect-proxy" }\nacl { tokens { agent = ["s3cret", "x"] } }',
  );
  const refused = await get(address, '/v1/agent/reload', 'PUT');
  assert.deepEqual(
    [refused.status, refused.text],
    [500, `${config}:3: acl.tokens.agent: expected text, found a list of 2`],
  );
  await writeFile(config, 'service { name = "filed" }\nservice { name = "x" kind = "connect-proxy" }');
  const judged = await get(address, '/v1/agent/reload', 'PUT');
  assert.equal(judged.status, 500);
  assert.match(judged.text, /reloaded\.hcl:2: service\[1\]: 2 errors occurred/);
  assert.deepEqual(await serviceIds(address), ['asked', 'filed']);
  await agent.line(/reloaded\.hcl:2: service\[1\].*reload failed/);
  assert.doesNotMatch(agent.output(), /s3cret/);
});

test('one warning names the keys without effect', async () => {
  const line = '-dev -hcl server=true -hcl telemetry{disable_hostname=true}ports{dns=8600}';
  await using agent = await startAgent(...line.split(' '));
  assert.deepEqual(settingsWarnedOf(agent.output()), ['ports.dns', 'server', 'telemetry']);
});

test('an agent on a Unix socket is reached by every command there', async () => {
  const path = join(folder, 'agent.sock');
  const config = join(folder, 'socket.json');
  await writeFile(config, JSON.stringify({ addresses: { http: `unix://${path}` } }));
  await using agent = await startAgent('-dev', '-config-file', config);
  const { code, stdout } = await fairlead('catalog', 'services', '-http-addr', `unix://${path}`);
  assert.deepEqual({ code, stdout }, { code: 0, stdout: 'consul\n' }, agent.output());
});

test('what a durable agent was told is there after it was killed', async () => {
  const dataDir = join(folder, 'data');
  const agent = await startAgent('-data-dir', dataDir, '-node=one');
  const environment = { CONSUL_HTTP_ADDR: addressOf(agent) };
  const created = await runFairlead(['intention', 'create', '-deny', 'web', 'db'], environment);
  assert.equal(created.stdout, 'Created: web => db (deny)\n');
  await agent.end('SIGKILL');

  await using again = await startAgent('-data-dir', dataDir, '-node=one');
  const listed = await runFairlead(['intention', 'list'], { CONSUL_HTTP_ADDR: addressOf(again) });
  assert.match(listed.stdout, /web +deny +db +9/);
});

test('a second agent on the same folder is refused', async () => {
  const dataDir = join(folder, 'twice');
  await using _first = await startAgent('-data-dir', dataDir);
  const { code, stderr } = await fairlead('agent', '-data-dir', dataDir, '-http-port=0');
  assert.equal(code, 1);
  assert.match(stderr, /^==> .*twice/m);
  assert.doesNotMatch(stderr, /^ +at /m);
});

function fairlead(...args: readonly string[]): ReturnType<typeof runProgram> {
  return runFairlead(args, {});
}

function runFairlead(args: readonly string[], env: Readonly<Record<string, string>>): ReturnType<typeof runProgram> {
  return runProgram(process.execPath, [main, ...args], { env });
}

/** Of the one warning that an agent printed. */
function settingsWarnedOf(output: string): unknown {
  const warnings = output.split('\n').filter((text) => text.includes('"level":"warn"'));
  assert.equal(warnings.length, 1, output);
  return JSON.parse(warnings[0] ?? '').settings;
}

interface Answer {
  readonly status: number | undefined;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

async function get(address: string, path: string, method: string = 'GET'): Promise<Answer> {
  const request = http.request(`http://${address}${path}`, { method, agent: false }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}

async function serviceIds(address: string): Promise<string[]> {
  return Object.keys(JSON.parse((await get(address, '/v1/agent/services')).text) as object).sort();
}
