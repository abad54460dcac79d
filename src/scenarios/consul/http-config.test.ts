/** What `http_config` closes, asked of the real agent and of ours: one answer. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { startOurAgent } from '../../testing/our-agent.ts';
import { startRealConsul } from '../../testing/real-consul.ts';

const keys = { block_endpoints: ['/v1/agent/serv', '/v1/catalog/'], allow_write_http_from: ['127.0.0.2/32'] };

const hcl =
  'http_config { block_endpoints = ["/v1/agent/serv", "/v1/catalog/"] allow_write_http_from = ["127.0.0.2/32"] }';

const requests: readonly (readonly [method: string, path: string, from?: string])[] = [
  ['GET', '/v1/agent/members'],
  ['GET', '/v1/agent/services'],
  ['PUT', '/v1/agent/services', '127.0.0.2'],
  ['OPTIONS', '/v1/agent/services'],
  ['GET', '/v1/agent/servnone'],
  ['GET', '/v1/agent/%73ervices'],
  ['GET', '/v1/catalog/services'],
  ['PUT', '/v1/agent/maintenance?enable=false'],
  ['PUT', '/v1/agent/maintenance?enable=false', '127.0.0.2'],
  ['POST', '/v1/agent/connect/authorize'],
  ['DELETE', '/v1/agent/members'],
  ['PUT', '/v1/none'],
];

test('what is blocked and who may write is answered as the real agent does', async () => {
  await using real = await startRealConsul({ config: { http_config: keys } });
  await using ours = await startOurAgent(['-hcl', hcl]);
  for (const [method, path, from] of requests) {
    const wanted = await ask(real.port, method, path, from);
    assert.deepEqual(await ask(ours.port, method, path, from), wanted, `${method} ${path} ${from ?? ''}`);
  }
});

async function ask(port: number, method: string, path: string, from: string = '127.0.0.1'): Promise<unknown> {
  const request = http.request({ host: '127.0.0.1', port, method, path, localAddress: from, agent: false }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const shown = response.statusCode === 200 ? '' : text;
  return [response.statusCode, response.headers.vary, shown];
}
