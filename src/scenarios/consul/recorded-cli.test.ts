/**
 * The commands that were once given to the real CLI of 1.8.7 on a real agent, given to it again on ours, in their order: each ends with the
 * recorded exit code and prints the recorded lines and columns, and on the way there it asks what it asked then. What belongs to one run
 * (IDs, times, ports, certificates) is masked.
 */

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Agent, startAgent } from '../../agent/index.ts';
import { findConsul, findFreePorts, runProgram, startProgram, testRuntime } from '../../testing/index.ts';
import { unexplained } from '../replay/accepted.ts';
import { type RecordedCommand, readCommands } from '../replay/cli-transcript.ts';
import { mask } from './four-ways.ts';
import { type Asked, startWiretap, type Wiretap } from './wiretap.ts';

const commands = readCommands('v1.8.7');

/** Command → why it can't end as it did then: it is refused instead. */
const outOfScope: ReadonlyMap<string, string> = new Map([
  ['event -name=deploy hello', 'user events are not built yet'],
  ['config write sd.hcl', 'config entries of other kinds are not built yet'],
  ['config read -kind service-defaults -name web', 'config entries of other kinds are not built yet'],
  ['config list -kind service-defaults', 'config entries of other kinds are not built yet'],
  ['config delete -kind service-defaults -name web', 'config entries of other kinds are not built yet'],
]);

interface Accepted {
  /** The name in docs/compatibility.md. */
  readonly id: string;
  /** Taken out on both sides. */
  readonly apart: (text: string) => string;
}

const accepted: ReadonlyMap<string, Accepted> = new Map([
  [
    'intention create web db',
    { id: 'form-of-1.10', apart: (text) => text.replace(/\((duplicate intention found|Sources\[1\]).*\)$/, '<twice>') },
  ],
  ['connect ca get-config', { id: 'ca-private-key', apart: (text) => text.replace(/^\t\t"PrivateKey": .*\n/m, '') }],
  [
    'members', // the longer version and the shorter port move the columns
    { id: 'form-of-1.10', apart: (text) => text.replace(/1\.(8\.7|10\.0)/, '<version>').replace(/ +/g, ' ') },
  ],
]);

/** `head` cut what the recorder kept of `info`. */
const linesKept = 25;
/** The recorder’s own, for a proxy that ran until it was interrupted; the proxy itself ends with 0 then. */
const interrupted = 124;
const recordedPorts = ['21088', '21089', '21090'];

let agent: Agent;
let wiretap: Wiretap;
let folder: string;
let ports: ReadonlyMap<string, string>;

before(async () => {
  const [sidecar = 0, ...rest] = await findFreePorts(1 + recordedPorts.length);
  ports = new Map(recordedPorts.map((recorded, at) => [recorded, String(rest[at])]));
  folder = await mkdtemp(join(tmpdir(), 'fairlead-recorded-'));
  for (const [name, content] of Object.entries(filesOf(commands))) {
    await writeFile(join(folder, name), translate(JSON.stringify(content)));
  }
  const http = [{ host: '127.0.0.1', port: 0 }];
  const sidecarPorts = { min: sidecar, max: sidecar };
  agent = await startAgent({ dev: true, http, nodeName: 'node187', sidecarPorts }, testRuntime());
  wiretap = await startWiretap(agent.address.port);
  await setOwnKey(agent);
});

after(async () => {
  await wiretap.close();
  await agent.close();
  await rm(folder, { recursive: true });
});

test('every command is given or listed with its reason, and nothing else is listed', () => {
  const lines = new Set(commands.map(({ line }) => line));
  for (const line of [...outOfScope.keys(), ...accepted.keys()]) assert.ok(lines.has(line), line);
  assert.equal(commands.filter(({ line }) => outOfScope.has(line)).length, outOfScope.size);
});

test('every accepted difference has its reason in docs/compatibility.md', () => {
  assert.deepEqual(unexplained([...accepted.values()]), []);
});

for (const command of commands.filter(({ line }) => !outOfScope.has(line))) {
  test(command.line, async () => {
    wiretap.requests.set([]);
    const found = await give(command);
    assert.equal(found.exitCode, command.exitCode, found.output);
    const apart = accepted.get(command.line)?.apart;
    assert.deepEqual(shapeOf(command, found.output, apart), shapeOf(command, command.output, apart));
    if (apart)
      assert.notDeepEqual(shapeOf(command, found.output), shapeOf(command, command.output), 'accepted in vain');
    assert.deepEqual(requestsOf(wiretap.requests.value), requestsOf(command.requests));
  });
}

for (const line of outOfScope.keys()) {
  test(`${line}: refused by name`, async () => {
    const { exitCode, output } = await run(line.split(' '));
    assert.equal(exitCode, 1);
    assert.match(output, /501 \(this agent (has no user events|keeps no config entries of kind "service-defaults")/);
  });
}

function give(command: RecordedCommand): Promise<{ exitCode: number | null; output: string }> {
  const args = translate(command.line).split(' ');
  return command.exitCode === interrupted ? interruptProxy(command, args) : run(args);
}

async function run(args: readonly string[]): Promise<{ exitCode: number | null; output: string }> {
  const { code, stdout, stderr } = await runProgram(findConsul(), args, { cwd: folder, env: environment() });
  return { exitCode: code, output: stdout + stderr };
}

/** Interrupts the proxy as soon as it has logged and asked what was recorded up to then; before that, it must not end. */
async function interruptProxy({ output, requests }: RecordedCommand, args: readonly string[]): ReturnType<typeof run> {
  await using proxy = await startProgram(findConsul(), args, { cwd: folder, env: environment() });
  const [whileRunning = ''] = output.split('==> Consul Connect proxy shutdown');
  for (const line of whileRunning.trimEnd().split('\n')) await proxy.line(patternOf(line));
  const asked = requestsOf(requests).filter((request) => !request.includes('/deregister/'));
  const isDone = (now: readonly Asked[]): boolean => requestsOf(now).length >= asked.length;
  await wiretap.requests.until(isDone, AbortSignal.timeout(30_000));
  const { code } = await proxy.end('SIGINT');
  return { exitCode: code === 0 ? interrupted : code, output: proxy.output() };
}

function environment(): Record<string, string> {
  return { CONSUL_HTTP_ADDR: `127.0.0.1:${wiretap.port}`, TZ: 'UTC' };
}

/** Fits the same line of another run. */
function patternOf(line: string): RegExp {
  const fixed = maskMore(line).split(/<[\w ]+>/);
  return new RegExp(`^${fixed.map((text) => text.replace(/[^\w\s]/g, '\\$&')).join('.*')}$`);
}

/** A proxy does many things at a time: the order of its lines says nothing. */
function shapeOf({ line }: RecordedCommand, output: string, apart: Accepted['apart'] = (text) => text): string[] {
  const lines = apart(maskMore(output.trimEnd())).split('\n').slice(0, linesKept);
  return line.startsWith('connect proxy') ? lines.sort() : lines;
}

function maskMore(text: string): string {
  return mask(text)
    .replace(/0\.0\.0\.0:\d+|(=> ):\d+/g, '$1<address>')
    .replace(/roots=\[.*\]/, 'roots=<roots>');
}

/** Each once, in any order: how often a proxy asks again depends on when it is interrupted. */
function requestsOf(requests: readonly Asked[]): string[] {
  const lines = requests.map(({ method, target, body }) => {
    const place = target.replace(/index=\d+/, 'index=<index>').replace(/hash=[0-9a-f]+/, 'hash=<hash>');
    return mask(`${method} ${place} ${withRecordedPorts(body.trim())}`);
  });
  return [...new Set(lines)].sort();
}

function translate(text: string): string {
  return text.replace(/\b\d{5}\b/g, (port) => ports.get(port) ?? port);
}

function withRecordedPorts(text: string): string {
  return [...ports].reduce((rest, [recorded, ours]) => rest.replaceAll(`:${ours}`, `:${recorded}`), text);
}

/** As had been done on the recorded agent before: its CA has a key that was set, and an earlier root. */
async function setOwnKey(given: Agent): Promise<void> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  const configuration = {
    Provider: 'consul',
    Config: { LeafCertTTL: '72h', RotationPeriod: '2160h', PrivateKey: key },
  };
  const init = { method: 'PUT', body: JSON.stringify(configuration) };
  const answer = await given.fetch('/v1/connect/ca/configuration', init);
  assert.equal(answer.status, 200, await answer.text());
}

/** The files that were given then, told from what became of them. */
function filesOf(recorded: readonly RecordedCommand[]): Record<string, unknown> {
  const bodyOf = (line: string) =>
    JSON.parse(recorded.find((command) => command.line === line)?.requests[0]?.body ?? '');
  const { Name, Port, Connect } = bodyOf('services register svc.json');
  const upstreams = Connect.SidecarService.Proxy.Upstreams.map((upstream: Record<string, unknown>) => ({
    destination_name: upstream['DestinationName'],
    local_bind_port: upstream['LocalBindPort'],
  }));
  const { Provider, Config } = bodyOf('connect ca set-config -config-file ca.json');
  return {
    'svc.json': { service: { name: Name, port: Port, connect: { sidecar_service: { proxy: { upstreams } } } } },
    'ca.json': { Provider, Config },
    'sd.hcl': bodyOf('config write sd.hcl'), // JSON is HCL
  };
}
