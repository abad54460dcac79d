import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import http, { type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import https from 'node:https';
import net, { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../base/index.ts';
import { createThrowawayCa } from '../issuing/index.ts';
import { testRuntime } from '../testing/index.ts';
import { ApiError } from './api-error.ts';
import { watch } from './blocking-query.ts';
import { type ClientOptions, type ConsulClient, createClient } from './client.ts';

const never = new AbortController().signal;

test('a blocking query sends its index and a wait time, and reads the headers', async () => {
  await using agent = await startServer((request, response) => {
    response.setHeader('X-Consul-Index', '12');
    response.setHeader('X-Consul-Knownleader', 'false');
    reply(response, { ActiveRootID: 'a', TrustDomain: 't.consul', Roots: [], Seen: request.url });
  });
  await using client = agent.client();

  assert.deepEqual(await client.roots(0, never), {
    value: { ActiveRootID: 'a', TrustDomain: 't.consul', Roots: [] },
    index: 12,
    knownLeader: false,
  });
  await client.roots(12, never);
  assert.deepEqual(agent.seen, ['GET /v1/agent/connect/ca/roots', 'GET /v1/agent/connect/ca/roots?index=12&wait=300s']);
});

test('each method asks for its endpoint', async () => {
  const answers: Record<string, unknown> = {
    '/v1/agent/connect/authorize': { Authorized: true, Reason: 'r' },
    '/v1/agent/self': { Config: { Datacenter: 'dc1', NodeName: 'n' } },
    '/v1/agent/services': {},
    '/v1/connect/intentions/match': { db: null },
    '/v1/query/near%20db/execute': { Service: 'db', Nodes: null },
  };
  await using agent = await startServer((request, response) =>
    reply(response, answers[request.url?.split('?')[0] ?? ''] ?? []),
  );
  await using client = agent.client({ datacenter: 'east' });

  await client.authorize({ target: 'db', uri: 'spiffe://x', serial: '01' });
  await client.self();
  await client.agentServices();
  assert.deepEqual((await client.intentionsMatch('db')(3, never)).value, []);
  await client.intentionsList(0, never);
  await client.healthConnect('my db')(0, never);
  await client.healthConnect('db', { datacenter: 'west' })(0, never);
  await client.executeQuery('near db');
  await client.catalogService('db');
  await client.registerService({ Name: 'web' });
  await client.deregisterService('web 1');
  await client.passCheck('ttl', 'fine & well');
  await client.call('PUT', '/v1/agent/reload', { query: { a: ['1', '2'], b: undefined } });
  assert.deepEqual(agent.seen, [
    'POST /v1/agent/connect/authorize {"Target":"db","ClientCertURI":"spiffe://x","ClientCertSerial":"01"}',
    'GET /v1/agent/self',
    'GET /v1/agent/services',
    'GET /v1/connect/intentions/match?by=destination&name=db&dc=east&index=3&wait=300s',
    'GET /v1/connect/intentions?dc=east',
    'GET /v1/health/connect/my%20db?passing=1&stale=&dc=east',
    'GET /v1/health/connect/db?passing=1&stale=&dc=west',
    'GET /v1/query/near%20db/execute?connect=true&stale=&dc=east',
    'GET /v1/catalog/service/db?dc=east',
    'PUT /v1/agent/service/register {"Name":"web"}',
    'PUT /v1/agent/service/deregister/web%201',
    'PUT /v1/agent/check/pass/ttl?note=fine+%26+well',
    'PUT /v1/agent/reload?dc=east&a=1&a=2',
  ]);
});

test('a service that is not registered is a value of its hash query', async () => {
  const registered = new Set<string>();
  await using agent = await startServer((_request, response) => {
    if (!registered.has('web')) return text(response, 404, 'unknown service ID: web');
    response.setHeader('X-Consul-Contenthash', 'fa22');
    return reply(response, { ID: 'web', Service: 'web', Address: '', Port: 1, ContentHash: 'fa22' });
  });
  await using client = agent.client();
  const query = client.agentService('web');

  assert.deepEqual(await query('', never), { value: undefined, hash: '' });
  registered.add('web');
  assert.deepEqual(await query('fa21', never), {
    value: { ID: 'web', Service: 'web', Address: '', Port: 1 },
    hash: 'fa22',
  });
  assert.equal(agent.seen.at(-1), 'GET /v1/agent/service/web?hash=fa21&wait=300s');
});

test('the token travels in its header, may change, and shows in no message', async () => {
  await using agent = await startServer((request, response) => {
    text(response, 403, `no such token: ${request.headers['x-consul-token']}`);
  });
  let token = new Secret('first-token');
  await using client = agent.client({ token: () => token });

  const first = await failure(client.self());
  token = new Secret('second-token');
  const second = await failure(client.self());
  assert.deepEqual(agent.tokens, ['first-token', 'second-token']);
  assert.equal(first.code, 'TOKEN_REFUSED');
  assert.equal(first.status, 403);
  assert.match(first.message, /refused GET \/v1\/agent\/self: no such token/);
  for (const error of [first, second]) assert.doesNotMatch(`${error.stack}${error.text}`, /(first|second)-token/);
});

test('a token that no header can carry is refused before anything is sent', async () => {
  await using agent = await startServer((_request, response) => reply(response, {}));
  await using client = agent.client({ token: () => new Secret('a-secret\n') });

  const error = await failure(client.self());
  assert.equal(error.code, 'TOKEN_REFUSED');
  assert.doesNotMatch(error.message, /a-secret/);
  assert.deepEqual(agent.seen, []);
});

test('refusals keep their status and the words of the agent', async () => {
  const statuses = [404, 429, 500];
  await using agent = await startServer((_request, response) => text(response, statuses.shift() ?? 500, 'because'));
  await using client = agent.client();

  for (const [code, status] of [
    ['NOT_FOUND', 404],
    ['REFUSED', 429],
    ['REFUSED', 500],
  ] as const) {
    const error = await failure(client.self());
    assert.deepEqual([error.code, error.status, error.text], [code, status, 'because']);
    assert.match(error.message, /because/);
  }
});

test('an answer that is no JSON, of another shape, or too big is a bad answer', async () => {
  const bodies = ['<html>', '{"Config":{"Datacenter":1}}', 'x'.repeat(17 * 1024 * 1024)];
  await using agent = await startServer((_request, response) => response.end(bodies.shift()));
  await using client = agent.client();

  for (const expected of [/it is no JSON/, /Config\.Datacenter: expected a string/, /bigger than 16 MiB/]) {
    const error = await failure(client.self());
    assert.equal(error.code, 'BAD_ANSWER');
    assert.match(error.message, expected);
  }
});

test('integers of any size come through a raw call', async () => {
  await using agent = await startServer((_request, response) => response.end('{"Hash":12345678901234567890}'));
  await using client = agent.client();

  const answer = await client.call('GET', '/v1/config/service-intentions/db');
  assert.deepEqual(answer.json(), { Hash: 12345678901234567890n });
});

test('an agent that is not there, resets or speaks something else says what to do', async () => {
  await using client = createClient({ address: '127.0.0.1:1', runtime: testRuntime() });
  const refused = await failure(client.self());
  assert.equal(refused.code, 'UNREACHABLE');
  assert.match(refused.message, /no agent listens at http:\/\/127\.0\.0\.1:1: start it/);

  await using resetting = await startRaw((socket) => socket.resetAndDestroy());
  const reset = await failure(resetting.client().authorize({ target: 'db', uri: '', serial: '' }));
  assert.equal(reset.code, 'UNREACHABLE');
  assert.match(reset.message, /limits\.http_max_conns_per_client/);

  await using other = await startRaw((socket) => socket.write('SSH-2.0-OpenSSH\r\n'));
  assert.equal((await failure(other.client().self())).code, 'BAD_ANSWER');
});

test('an answer that breaks off is no answer', async () => {
  await using agent = await startServer((_request, response) => {
    response.writeHead(200, { 'Content-Length': '100' });
    response.write('{"Config"', () => response.destroy());
  });
  await using client = agent.client();
  assert.equal((await failure(client.self())).code, 'UNREACHABLE');
});

test('a call ends at its deadline, with its connection', async () => {
  const { promise: gone, resolve } = Promise.withResolvers<void>();
  await using agent = await startServer((request) => void request.socket.on('close', () => resolve()));
  await using client = agent.client();

  const error = await failure(client.call('GET', '/v1/agent/self', { timeout: 50 }));
  assert.equal(error.code, 'TIMEOUT');
  assert.match(error.message, /no answer to GET \/v1\/agent\/self .* within 0\.05 s/);
  await gone;
});

test('an aborted call rejects with the reason of its signal', async () => {
  await using agent = await startServer(() => undefined);
  await using client = agent.client();
  const stop = new AbortController();

  const asked = client.self(stop.signal);
  await agent.asked;
  stop.abort(new Error('enough'));
  await assert.rejects(asked, /^Error: enough$/);
  await assert.rejects(client.self(stop.signal), /^Error: enough$/);
});

test('a kept connection that died is replaced, for calls that may be repeated', async () => {
  let answersLeft = 1;
  await using agent = await startServer((request, response) => {
    if (answersLeft-- > 0) return reply(response, { Authorized: true, Reason: 'r' });
    answersLeft = 1;
    return request.socket.resetAndDestroy();
  });
  await using client = agent.client();
  const ask = () => client.authorize({ target: 'db', uri: 'x', serial: '' });

  await ask();
  assert.equal((await ask()).Authorized, true);
  assert.equal(agent.seen.length, 3);
  answersLeft = 0;
  const error = await failure(client.call('POST', '/v1/connect/intentions', { body: {} }));
  assert.equal(error.code, 'UNREACHABLE');
  assert.equal(agent.seen.length, 4);
});

test("many calls share a bounded number of connections, and blocking queries are in nobody's way", async () => {
  const waiting: ServerResponse[] = [];
  let calls = 0;
  let most = 0;
  await using agent = await startServer((request, response) => {
    if (request.url?.includes('/roots')) return void waiting.push(response);
    calls += 1;
    most = Math.max(most, calls);
    return void setImmediate(() => {
      calls -= 1;
      reply(response, { Authorized: true, Reason: 'r' });
    });
  });
  await using client = agent.client({ maxSockets: 4 });

  const watches = Array.from({ length: 10 }, () => client.roots(5, never));
  const answers = Array.from({ length: 40 }, () => client.authorize({ target: 'db', uri: 'x', serial: '' }));
  await Promise.all(answers);
  assert.ok(most <= 4, `${most} at once`);
  for (const response of waiting) reply(response, { ActiveRootID: 'a', TrustDomain: 't', Roots: [] });
  await Promise.all(watches);
});

test('more blocking queries than allowed fail loudly instead of waiting for ever', async () => {
  await using agent = await startServer(() => undefined);
  await using client = agent.client({ maxWatches: 1 });
  const stop = new AbortController();

  const first = client.roots(5, stop.signal).catch(() => undefined);
  const error = await failure(client.leaf('web')(0, never));
  assert.equal(error.code, 'REFUSED');
  assert.match(error.message, /1 blocking queries .* are open already/);
  stop.abort();
  await first;
});

test('closing cuts blocking queries, lets calls end and takes no new ones', async () => {
  const { promise: called, resolve } = Promise.withResolvers<ServerResponse>();
  await using agent = await startServer((request, response) => {
    if (request.url === '/v1/agent/self') resolve(response);
  });
  const client = agent.client();
  const blocked = failure(client.roots(5, never));
  const call = client.self();
  const response = await called;

  const closing = client.close();
  assert.match((await blocked).message, /was closed/);
  assert.match((await failure(client.agentServices())).message, /was closed/);
  reply(response, { Config: { Datacenter: 'dc1', NodeName: 'n' } });
  assert.equal((await call).Config.NodeName, 'n');
  await closing;
});

test('closing within a drain that is over cuts calls too', async () => {
  await using agent = await startServer(() => undefined);
  const client = agent.client();
  const call = failure(client.self());
  await agent.asked;
  await client.close({ signal: AbortSignal.abort() });
  assert.match((await call).message, /was closed/);
});

test('a watch survives an agent that goes away and comes back with a lower index', async () => {
  let index = 40;
  let domain = 'old.consul';
  const answer: RequestListener = (request, response) => {
    if (request.url?.includes(`index=${index}`)) return; // nothing new
    response.setHeader('X-Consul-Index', String(index));
    reply(response, { ActiveRootID: 'a', TrustDomain: domain, Roots: [] });
  };
  const first = await startServer(answer);
  await using client = first.client();
  const stop = new AbortController();
  const errors: ApiError[] = [];
  const values = watch(client.roots, {
    signal: stop.signal,
    runtime: testRuntime(),
    backoff: () => 5,
    onError: (error) => errors.push(error as ApiError),
  });

  assert.equal((await values.next()).value?.TrustDomain, 'old.consul');
  const next = values.next();
  await first.until((seen) => seen.endsWith('index=40&wait=300s'));
  await first[Symbol.asyncDispose]();
  [index, domain] = [7, 'new.consul'];
  await using second = await startServer(answer, first.port);
  assert.equal((await next).value?.TrustDomain, 'new.consul');
  assert.ok(errors.length > 0 && errors.every(({ code }) => code === 'UNREACHABLE'));
  assert.equal(second.seen[0], 'GET /v1/agent/connect/ca/roots');
  stop.abort();
  await values.return();
});

test('speaks over a Unix socket and over TLS, and checks the certificate', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fairlead-api-'));
  const path = join(folder, 'agent.sock');
  const server = http.createServer((request, response) => {
    assert.equal(request.headers.host, 'localhost');
    reply(response, { Config: { Datacenter: 'dc1', NodeName: 'socket' } });
  });
  await once(server.listen(path), 'listening');
  const local = createClient({ address: `unix://${path}`, runtime: testRuntime() });
  assert.equal((await local.self()).Config.NodeName, 'socket');
  await local.close();
  server.close();
  await once(server, 'close');
  await rm(folder, { recursive: true });

  const ca = await createThrowawayCa();
  const issued = await ca.issue('agent');
  const secure = https.createServer({ cert: issued.chain, key: issued.key.reveal() }, (_request, response) =>
    reply(response, { Config: { Datacenter: 'dc1', NodeName: 'tls' } }),
  );
  await once(secure.listen(0, '127.0.0.1'), 'listening');
  const address = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  const connect = (tls?: ClientOptions['tls']) =>
    createClient({ address, runtime: testRuntime(), ...(tls === undefined ? {} : { tls }) });
  await using strict = connect();
  assert.match((await failure(strict.self())).message, /unknown CA: give the CA's certificate/);
  await using trusting = connect({ ca: ca.roots.certificates.join('') });
  assert.match((await failure(trusting.self())).message, /is for another name/);
  await using careless = connect({ verify: false });
  assert.equal((await careless.self()).Config.NodeName, 'tls');
  await using mistaken = createClient({ address: address.replace('https', 'http'), runtime: testRuntime() });
  await failure(mistaken.self());
  secure.closeAllConnections();
  secure.close();
  await once(secure, 'close');
});

function reply(response: ServerResponse, body: unknown): void {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(body));
}

function text(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.end(body);
}

async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => assert.fail('expected a failure'),
    (reason) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

/** A server of our own making in the agent's place: it notes what it was asked. */
async function startServer(answer: RequestListener, port = 0) {
  const seen: string[] = [];
  const tokens: unknown[] = [];
  const clients: ConsulClient[] = [];
  const watchers = new Set<() => void>();
  const server = http.createServer((request, response) => {
    void bodyOf(request).then((body) => {
      seen.push(`${request.method} ${request.url}${body === '' ? '' : ` ${body}`}`);
      tokens.push(request.headers['x-consul-token']);
      for (const watcher of [...watchers]) watcher();
      answer(request, response);
    });
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  const bound = (server.address() as AddressInfo).port;
  const until = (wanted: (request: string) => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!seen.some(wanted)) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  return {
    seen,
    tokens,
    port: bound,
    until,
    /** The first request has come. */
    asked: until(() => true),
    client: (options: Partial<ClientOptions> = {}): ConsulClient => {
      const client = createClient({ address: `127.0.0.1:${bound}`, runtime: testRuntime(), ...options });
      clients.push(client);
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      server.close();
      server.closeAllConnections();
      if (server.listening) await once(server, 'close');
    },
  };
}

/** Something that is no HTTP server. */
async function startRaw(greet: (socket: net.Socket) => void) {
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    greet(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const client = createClient({
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    runtime: testRuntime(),
  });
  return {
    client: () => client,
    [Symbol.asyncDispose]: async () => {
      await client.close();
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
