/** An agent whose disk is full, takes no writes any more, or is read-only: it says so, loses nothing acknowledged, and goes on by itself. */

import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type OurAgent, runProgram, startOurAgent } from '../testing/index.ts';

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

test('on a full disk writes are refused and say why, all else goes on, and with room again so do they', {
  skip: reasonToSkip(['unshare', '-rm', 'true'], 'user namespaces: sysctl kernel.unprivileged_userns_clone=1'),
}, async (t) => {
  const disk = await openSmallDisk(t);
  await using agent = await startOurAgent([], { dataDir: disk.folder, within: disk.within });
  await goesOnThrough(agent, {
    begin: () => disk.run('cat /dev/zero > filler 2> /dev/null; test -s filler'),
    end: () => disk.run('rm filler'),
    reason: `the state can’t be stored in ${disk.folder}: the disk is full`,
  });
});

test('a disk that takes no writes any more is the same, and is told from a full one', {
  skip: reasonToSkip(['prlimit', '--version'], 'prlimit: apt-get install util-linux'),
}, async () => {
  await using agent = await startOurAgent();
  const limitFiles = (bytes: string): unknown =>
    execFileSync('prlimit', ['-p', String(agent.pid), `--fsize=${bytes}:`]);
  await goesOnThrough(agent, {
    begin: () => limitFiles('0'),
    end: () => limitFiles('unlimited'),
    reason: `the state can’t be stored in ${agent.dataDir}: the disk has an error, is over its quota or has become read-only`,
  });
});

test('on a read-only disk no agent starts, it says why, and the state stays as it is', {
  skip: reasonToSkip(['unshare', '-rm', 'true'], 'user namespaces: sysctl kernel.unprivileged_userns_clone=1'),
}, async (t) => {
  const disk = await openSmallDisk(t);
  await using agent = await startOurAgent([], { dataDir: disk.folder, within: disk.within });
  assert.equal((await register(agent, 'kept')).status, 200);
  await agent.kill9();

  disk.run('mount -o remount,ro .');
  const before = disk.run('sha256sum *');
  const [command = '', ...args] = [...disk.within, process.execPath, main, 'agent', '-data-dir', disk.folder];
  const { code, stderr } = await runProgram(command, [...args, '-http-port', String(agent.port)]);
  assert.equal(code, 1);
  assert.match(stderr, new RegExp(`==> the state can’t be opened in ${disk.folder}: the folder or file is read-only`));
  assert.equal(disk.run('sha256sum *'), before);

  disk.run('mount -o remount,rw .');
  await agent.restart();
  assert.deepEqual(await servicesOf(agent), ['kept']);
  assert.equal((await register(agent, 'more')).status, 200);
});

interface Trouble {
  begin(): unknown;
  end(): unknown;
  /** What a client is told. */
  readonly reason: string;
}

async function goesOnThrough(agent: OurAgent, { begin, end, reason }: Trouble): Promise<void> {
  const acknowledged = ['db', 'lapsing'];
  assert.equal((await register(agent, 'db')).status, 200);
  assert.equal((await register(agent, 'lapsing', { TTL: '500ms', Status: 'passing' })).status, 200);
  assert.equal((await put(agent, intentionPath, { Action: 'deny' })).status, 200);
  const leaf = await get(agent, '/v1/agent/connect/ca/leaf/db');

  begin();
  let refusal: Response | undefined;
  for (let n = 0; refusal === undefined && n < 100; n += 1) {
    const answer = await register(agent, `while-full-${n}`);
    if (answer.ok) acknowledged.push(`while-full-${n}`);
    else refusal = answer;
  }
  assert.equal(refusal?.status, 500);
  assert.equal(await refusal?.text(), reason);
  // Refused in every way in which it can be asked: with other rows beside it, and many at once.
  const many = await Promise.all(Array.from({ length: 20 }, (_, n) => register(agent, `at-once-${n}`)));
  for (const [n, { ok }] of many.entries()) if (ok) acknowledged.push(`at-once-${n}`);
  const isAllowed = (await put(agent, intentionPath, { Action: 'allow' })).ok;
  await agent.line(/writes refused: state not stored/);

  assert.deepEqual(await servicesOf(agent), acknowledged.toSorted());
  assert.deepEqual(await get(agent, '/v1/agent/connect/ca/leaf/db'), leaf);
  const authorized = (await get(agent, '/v1/agent/connect/ca/roots')) as { TrustDomain: string };
  const asked = {
    Target: 'db',
    ClientCertURI: `spiffe://${authorized.TrustDomain}/ns/default/dc/dc1/svc/web`,
    ClientCertSerial: '01',
  };
  const decision = await put(agent, '/v1/agent/connect/authorize', asked, 'POST');
  assert.equal(((await decision.json()) as { Authorized: boolean }).Authorized, isAllowed);

  end();
  assert.equal((await register(agent, 'afterwards')).status, 200);
  acknowledged.push('afterwards');
  await agent.line(/writes accepted again: state stored/);
  while ((await statusOf(agent, 'lapsing')) !== 'critical') await new Promise((resolve) => setImmediate(resolve));
  await get(agent, '/v1/agent/connect/ca/leaf/lapsing');

  await agent.kill9();
  await agent.restart();
  assert.deepEqual(await servicesOf(agent), acknowledged.toSorted());
}

const intentionPath = '/v1/connect/intentions/exact?source=web&destination=db';

function register(agent: OurAgent, Name: string, Check?: object): Promise<Response> {
  return put(agent, '/v1/agent/service/register', { Name, Meta: { long: 'x'.repeat(500) }, ...(Check && { Check }) });
}

function put({ address }: OurAgent, path: string, body: object, method = 'PUT'): Promise<Response> {
  return fetch(`http://${address}${path}`, { method, body: JSON.stringify(body) });
}

async function get({ address }: OurAgent, path: string): Promise<unknown> {
  const answer = await fetch(`http://${address}${path}`);
  assert.equal(answer.status, 200, path);
  return await answer.json();
}

async function servicesOf(agent: OurAgent): Promise<string[]> {
  return Object.keys((await get(agent, '/v1/agent/services')) as object).sort();
}

async function statusOf(agent: OurAgent, service: string): Promise<string | undefined> {
  const checks = (await get(agent, '/v1/agent/checks')) as Record<string, { Status: string }>;
  return checks[`service:${service}`]?.Status;
}

interface SmallDisk {
  readonly folder: string;
  /** In front of a command: what it does to `folder`, it does to this disk. */
  readonly within: readonly string[];
  /** Runs a line of shell in the folder, and returns what it prints. */
  run(script: string): string;
}

/** A disk of one megabyte in memory. It is mounted in a namespace of its own, which needs no root, and goes with the process that holds it. */
async function openSmallDisk(t: TestContext): Promise<SmallDisk> {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-small-disk-'));
  const mount = 'mount -t tmpfs -o size=1m,mode=700 none "$0" && echo mounted && exec cat';
  const holder = spawn('unshare', ['-rm', 'sh', '-c', mount, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  t.after(async () => {
    holder.stdin.end();
    if (holder.exitCode === null) await once(holder, 'exit');
    rmSync(folder, { recursive: true });
  });
  await once(holder.stdout, 'data');
  const within = ['nsenter', '-t', String(holder.pid), '-U', '-m', '--preserve-credentials'];
  const [command = '', ...args] = within;
  return {
    folder,
    within,
    run: (script) => execFileSync(command, [...args, 'sh', '-c', `cd "$0" && ${script}`, folder], { encoding: 'utf8' }),
  };
}

function reasonToSkip([command = '', ...args]: string[], missing: string): string | false {
  if (process.platform !== 'linux') return 'on Linux only';
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return false;
  } catch {
    return `needs ${missing}`;
  }
}
