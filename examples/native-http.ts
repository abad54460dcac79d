/**
 * Two services that are in the mesh without a sidecar: `api` serves HTTP and knows who is calling, `web` calls it with fetch.
 * They stand in one file to be read side by side; each half works the same in a program of its own.
 *
 *   node examples/native-http.ts                  no agent needed: a throwaway CA inside this process
 *   node examples/native-http.ts 127.0.0.1:8500   with a Consul or fairlead agent
 */

import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { startService } from 'fairlead';
import { Agent, fetch } from 'undici';

const address = process.argv[2];
const where = address === undefined ? { development: true } : { agent: { address } };

// The service that serves: any framework that takes a Node server will do.
await using api = await startService({ name: 'api', ...where });
const server = api.createServer((request, response) => {
  response.end(`hello ${request.socket.caller.service}, this is ${request.url}\n`);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const { port } = server.address() as AddressInfo;

// An agent must be told where it is. In the service's own definition file this is `connect { native = true }`.
if (address !== undefined) {
  const definition = { Name: 'api', Address: '127.0.0.1', Port: port, Connect: { Native: true } };
  const url = `http://${address}/v1/agent/service/register`;
  const { ok, statusText } = await fetch(url, { method: 'PUT', body: JSON.stringify(definition) });
  if (!ok) throw new Error(`the agent did not register api: ${statusText}`);
}

// The service that calls: mutual TLS to a healthy instance that has proved to be `api`, whatever the URL's scheme says.
await using web = await startService({ name: 'web', ...where });
const mesh = new Agent({ connect: web.connect });
const response = await fetch('http://api.service.consul/items', { dispatcher: mesh });
process.stdout.write(await response.text());
await mesh.close();
