import assert from 'node:assert/strict';
import { test } from 'node:test';
import { testRuntime } from '../../testing/test-runtime.ts';
import { startAgent } from '../agent.ts';
import type { AgentOptions } from '../config.ts';

const script = { Args: ['true'], Interval: '1s' };
const refused = {
  status: 400,
  text: "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true",
};
const inFile = /Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local/;

test('by itself an agent takes no scripts, wherever a registration hides them', async () => {
  for (const scriptChecks of [undefined, 'files'] as const) {
    await using agent = await start(scriptChecks === undefined ? {} : { scriptChecks });
    assert.deepEqual(await agent.put('check/register', { Name: 'x', ...script }), refused);
    assert.deepEqual(await agent.put('service/register', { Name: 'x', Check: script }), refused);
    const sidecar = { Connect: { SidecarService: { Checks: [script] } } };
    assert.deepEqual(await agent.put('service/register', { Name: 'x', ...sidecar }), refused);
    assert.deepEqual(await agent.list('services'), {});
  }
});

test('scripts of files run where those are allowed, and are an error where they are not', async () => {
  const definitions = { checks: [{ Name: 'x', ...script }], services: [] };
  await assert.rejects(start({ definitions }), inFile);
  await using agent = await start({ definitions, scriptChecks: 'files' });
  assert.deepEqual(Object.keys(await agent.list('checks')), ['x']);
});

test('where all scripts are allowed they are taken and run', async () => {
  await using agent = await start({ scriptChecks: 'on' });
  assert.equal((await agent.put('check/register', { Name: 'x', ...script, Args: ['echo', 'hello'] })).status, 200);
  assert.deepEqual(await agent.untilPassing('x'), 'hello\n');
});

interface Agent extends AsyncDisposable {
  put(path: string, body: object): Promise<{ status: number; text: string }>;
  list(what: 'services' | 'checks'): Promise<object>;
  /** The output of a check once it is passing. */
  untilPassing(checkId: string): Promise<string>;
}

async function start(options: Partial<AgentOptions>): Promise<Agent> {
  const agent = await startAgent({ dev: true, http: [{ host: '127.0.0.1', port: 0 }], ...options }, testRuntime());
  const origin = `http://127.0.0.1:${agent.address.port}/v1/`;
  return {
    put: async (path, body) => {
      const answer = await fetch(`${origin}agent/${path}`, { method: 'PUT', body: JSON.stringify(body) });
      return { status: answer.status, text: await answer.text() };
    },
    list: async (what) => (await fetch(`${origin}agent/${what}`)).json() as Promise<object>,
    untilPassing: async (checkId) => {
      for (let index = '0'; ; ) {
        const answer = await fetch(`${origin}health/state/passing?index=${index}`);
        index = answer.headers.get('X-Consul-Index') ?? '0';
        const checks = (await answer.json()) as { CheckID: string; Output: string }[];
        const found = checks.find(({ CheckID }) => CheckID === checkId);
        if (found !== undefined) return found.Output;
      }
    },
    [Symbol.asyncDispose]: () => agent.close(),
  };
}
