import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../base/index.ts';
import { startInProcessServer } from './in-process.ts';
import { HttpError, type HttpRequest, Json, type Route } from './route.ts';

test('a call is answered as a request would be', async () => {
  await using server = startInProcessServer({ routes: [echo], commonHeaders: { 'X-Common': 'yes' } }, silentLog);
  const answer = await server.fetch('/v1/echo/a%20b?x=1', { method: 'PUT', body: 'text', headers: { 'X-Token': 't' } });
  assert.deepEqual(
    [answer.status, answer.headers.get('content-type'), answer.headers.get('x-common')],
    [200, 'application/json', 'yes'],
  );
  assert.deepEqual(await answer.json(), { rest: 'a b', x: '1', token: 't', body: 'text' });
  assert.match(await (await server.fetch('/v1/echo/?pretty', { method: 'PUT' })).text(), /^\{\n {4}"rest"/);
});

test('a bare answer is without the common headers, as from a server', async () => {
  const bare: Route = { path: '/bare', methods: { GET: () => ({ status: 404, isBare: true }) } };
  await using server = startInProcessServer({ routes: [bare], commonHeaders: { 'X-Common': 'yes' } }, silentLog);
  assert.equal((await server.fetch('/bare')).headers.get('x-common'), null);
});

test('what no route takes is refused as by a server', async () => {
  await using server = startInProcessServer({ routes: [echo] }, silentLog);
  const statusOf = async (path: string, method: string): Promise<number> =>
    (await server.fetch(path, { method })).status;
  assert.equal(await statusOf('/elsewhere', 'GET'), 404);
  assert.equal(await statusOf('/v1/echo/', 'DELETE'), 405);
  assert.equal(await statusOf('/v1/echo/', 'OPTIONS'), 200);
  assert.equal(await statusOf('/v1/echo/?a;b', 'PUT'), 500);
  const refused = await server.fetch('/v1/echo/refuse', { method: 'PUT' });
  assert.deepEqual([refused.status, await refused.text()], [403, 'no']);
});

test('a caller that leaves gets its own reason, and the route learns of it', async () => {
  const waiting = waitingRoute();
  await using server = startInProcessServer({ routes: [waiting.route] }, silentLog);
  const leave = new AbortController();
  const call = server.fetch('/wait', { signal: leave.signal });
  await waiting.reached;
  leave.abort(new Error('enough'));
  await assert.rejects(call, { message: 'enough' });
});

test('close ends what waits, sees it answered, and takes nothing new', async () => {
  const waiting = waitingRoute();
  const server = startInProcessServer({ routes: [waiting.route] }, silentLog);
  const call = server.fetch('/wait');
  await waiting.reached;
  await server.close();
  assert.equal((await call).status, 200);
  await assert.rejects(server.fetch('/wait'), { message: 'the agent is closed' });
});

const echo: Route = {
  path: '/v1/echo/',
  methods: {
    PUT: ({ rest, query, headers, body }) => {
      if (rest === 'refuse') throw new HttpError(403, 'no');
      const value = { rest, x: query.get('x'), token: headers['x-token'], body: body.toString() };
      return { status: 200, body: new Json(value) };
    },
  },
};

/** Answers once its signal aborts. */
function waitingRoute(): { readonly route: Route; readonly reached: Promise<void> } {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const wait = async ({ signal }: HttpRequest) => {
    resolve();
    await new Promise((over) => signal.addEventListener('abort', over, { once: true }));
    return { status: 200 };
  };
  return { route: { path: '/wait', methods: { GET: wait } }, reached };
}
