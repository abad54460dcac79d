/** Keys about HTTP, from a file of a real agent to what its clients see on the wire. Given figures hold for clients on this machine too. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { addressOfAgent, startAgentProgram } from '../../testing/agent-program.ts';
import type { Program } from '../../testing/programs.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fairlead-agent-http-'));
});
after(() => rm(folder, { recursive: true }));

test('headers of the operator are on every answer of the API, errors included, and replace none of its own', async () => {
  await using agent = await startAgent(`http_config {
    response_headers { x-frame-options = "DENY" "Strict-Transport-Security" = "max-age=1; preload" }
    block_endpoints = ["/v1/agent/leave"]
    allow_write_http_from = ["10.0.0.0/8"]
  }`);
  const table: readonly (readonly [line: string, status: number])[] = [
    ['GET /v1/status/leader', 200],
    ['OPTIONS /v1/status/leader', 200],
    ['GET /v1/catalog/services?index=x', 400],
    ['PUT /v1/agent/service/register', 403],
    ['GET /v1/agent/leave', 403],
    ['GET /v1/agent/service/none', 404],
    ['DELETE /v1/agent/self', 405],
  ];
  for (const [line, status] of table) {
    const answer = await ask(agent, line);
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), line);
    assert.match(answer, /\r\nX-Frame-Options: DENY\r\n/, line);
    assert.match(answer, /\r\nStrict-Transport-Security: max-age=1; preload\r\n/, line);
  }
  assert.match(await ask(agent, 'GET /v1/status/leader'), /\r\nContent-Type: application\/json\r\n/);
  for (const line of ['GET /', 'GET /nothing']) assert.doesNotMatch(await ask(agent, line), /X-Frame/, line);
});

test('max_header_bytes bounds the head of a request, and 0 leaves the usual bound', async () => {
  await using small = await startAgent('http_config { max_header_bytes = 2048 }');
  await using usual = await startAgent('http_config { max_header_bytes = 0 }');
  const header = `X-Long: ${'a'.repeat(4_000)}`;
  assert.match(await ask(small, 'GET /v1/status/leader'), /^HTTP\/1\.1 200 /);
  assert.match(await ask(small, 'GET /v1/status/leader', header), /^HTTP\/1\.1 431 /);
  assert.match(await ask(usual, 'GET /v1/status/leader', header), /^HTTP\/1\.1 200 /);
});

test('http_max_conns_per_client refuses one connection too many, and takes one again when another has ended', async () => {
  await using agent = await startAgent('limits { http_max_conns_per_client = 2 }');
  const first = await open(agent);
  const second = await open(agent);
  assert.match(await ask(agent, 'GET /v1/status/leader'), /^HTTP\/1\.1 429 .*limits\.http_max_conns_per_client$/s);
  first.end();
  await once(first.resume(), 'close');
  assert.match(await ask(agent, 'GET /v1/status/leader'), /^HTTP\/1\.1 200 /);
  second.destroy();
});

test('http_max_request_rate_per_client refuses what comes faster', async () => {
  await using agent = await startAgent('limits { http_max_request_rate_per_client = 0.01 }');
  assert.match(await ask(agent, 'GET /v1/status/leader'), /^HTTP\/1\.1 200 /);
  assert.match(
    await ask(agent, 'GET /v1/status/leader'),
    /^HTTP\/1\.1 429 .*\r\nRetry-After: \d+\r\n.*limits\.http_max_request_rate_per_client$/s,
  );
});

test('what is blocked, and who may only read, is so whatever the spelling', async () => {
  await using agent = await startAgent(`http_config {
    block_endpoints = ["/v1/agent/self"]
    allow_write_http_from = ["192.0.2.0/24"]
  }`);
  assert.match(await ask(agent, 'GET /v1/agent/s%65lf'), /^HTTP\/1\.1 403 .*Endpoint is blocked/s);
  assert.match(await ask(agent, 'PUT /v1/agent/maintenance?enable=true'), /^HTTP\/1\.1 403 .*Access is restricted/s);
  assert.match(await ask(agent, 'GET /v1/agent/services'), /^HTTP\/1\.1 200 /);
});

test('what was refused is among the metrics, for who may read the agent', async () => {
  await using agent = await startAgent('limits { http_max_conns_per_client = 1 }');
  const first = await open(agent);
  assert.match(await ask(agent, 'GET /v1/status/leader'), /^HTTP\/1\.1 429 /);
  first.end();
  await once(first.resume(), 'close');
  const metrics = await ask(agent, 'GET /v1/agent/metrics?format=prometheus');
  assert.match(metrics, /^HTTP\/1\.1 200 .*\r\nContent-Type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/s);
  assert.match(metrics, /^connect_http_refused_total\{what="connections"\} 1$/m);
  assert.match(await ask(agent, 'GET /v1/agent/metrics'), /^HTTP\/1\.1 501 .*\?format=prometheus/s);

  await using guarded = await startAgent(
    'acl { enabled = true default_policy = "deny" tokens { initial_management = "5ecd0be5-5e6f-4a3c-9a4c-0d8f3f3b1d11" } }',
  );
  const path = 'GET /v1/agent/metrics?format=prometheus';
  assert.match(await ask(guarded, path), /^HTTP\/1\.1 403 .*Permission denied/s);
  const token = 'X-Consul-Token: 5ecd0be5-5e6f-4a3c-9a4c-0d8f3f3b1d11';
  assert.match(await ask(guarded, path, token), /^HTTP\/1\.1 200 /);
});

async function startAgent(config: string): Promise<Program> {
  const file = join(folder, 'agent.hcl');
  await writeFile(file, config);
  return startAgentProgram('-dev', '-config-file', file);
}

/** A connection that the agent has accepted: it answered a request on it. */
async function open(agent: Program): Promise<Socket> {
  const socket = connectTo(agent).setEncoding('utf8');
  socket.write('GET /v1/status/leader HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [text] = (await once(socket, 'data')) as [string];
  assert.match(text, /^HTTP\/1\.1 200 /);
  return socket;
}

/** The whole answer, as it came. */
async function ask(agent: Program, line: string, header: string = 'X-Nothing: 1'): Promise<string> {
  const socket = connectTo(agent).setEncoding('utf8');
  socket.write(`${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${header}\r\n\r\n`);
  let text = '';
  for await (const chunk of socket) text += chunk;
  return text;
}

function connectTo(agent: Program): Socket {
  const [host, port] = addressOfAgent(agent).split(':');
  return connect(Number(port), host);
}
