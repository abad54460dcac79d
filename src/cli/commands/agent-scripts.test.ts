/** Which scripts a real agent runs, by the key in its file and by the flag on its line. */

import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { addressOfAgent, startAgentProgram } from '../../testing/agent-program.ts';
import { runProgram } from '../../testing/programs.ts';

const main = fileURLToPath(new URL('../main.ts', import.meta.url));
const filed = 'check { id = "filed" name = "filed" args = ["echo", "from a file"] interval = "10s" }';
let file: string;

before(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-agent-scripts-'));
  file = join(folder, 'agent.hcl');
});
after(() => rm(join(file, '..'), { recursive: true }));

const local: readonly (readonly [config: string, ...flags: string[]])[] = [
  [`enable_local_script_checks = true\n${filed}`],
  [filed, '-enable-local-script-checks'],
];
for (const [config, ...flags] of local) {
  test(`enable_local_script_checks, as ${nameOf(flags)}: the script of a file runs, that of the API is refused`, async () => {
    await writeFile(file, config);
    await using agent = await startAgentProgram('-dev', '-config-file', file, ...flags);
    const address = addressOfAgent(agent);
    assert.equal(await untilPassing(address, 'filed'), 'from a file\n');
    const { status, text } = await registerScript(address);
    assert.equal(status, 400);
    assert.match(text, /Scripts are disabled on this agent from remote calls; .*'enable_script_checks'/);
  });
}

const all: readonly (readonly [config: string, ...flags: string[]])[] = [
  [`enable_script_checks = true\n${filed}`],
  [filed, '-enable-script-checks'],
];
for (const [config, ...flags] of all) {
  test(`enable_script_checks, as ${nameOf(flags)}: scripts of files and of the API run`, async () => {
    await writeFile(file, config);
    await using agent = await startAgentProgram('-dev', '-config-file', file, ...flags);
    const address = addressOfAgent(agent);
    assert.equal(await untilPassing(address, 'filed'), 'from a file\n');
    assert.equal((await registerScript(address)).status, 200);
    assert.equal(await untilPassing(address, 'asked'), 'from the API\n');
  });
}

test('without either, a file with a script keeps the agent from starting, and its line is named', async () => {
  await writeFile(file, `\n${filed}`);
  const line = [main, 'agent', '-dev', '-http-port=0', '-config-file', file];
  const { code, stderr } = await runProgram(process.execPath, line);
  assert.equal(code, 1);
  assert.match(stderr, /agent\.hcl:2: .*Scripts are disabled on this agent; .*enable_local_script_checks/);
});

function nameOf(flags: readonly string[]): string {
  return flags.length === 0 ? 'a key' : 'a flag';
}

async function registerScript(address: string): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ ID: 'asked', Name: 'asked', Args: ['echo', 'from the API'], Interval: '10s' });
  const answer = await fetch(`http://${address}/v1/agent/check/register`, { method: 'PUT', body });
  return { status: answer.status, text: await answer.text() };
}

/** The output of a check once it is passing. */
async function untilPassing(address: string, checkId: string): Promise<string> {
  for (let index = '0'; ; ) {
    const answer = await fetch(`http://${address}/v1/health/state/passing?index=${index}`);
    index = answer.headers.get('X-Consul-Index') ?? '0';
    const checks = (await answer.json()) as { CheckID: string; Output: string }[];
    const found = checks.find(({ CheckID }) => CheckID === checkId);
    if (found !== undefined) return found.Output;
  }
}
