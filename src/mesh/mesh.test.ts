import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Service } from '../connect/index.ts';
import { startMesh } from './mesh.ts';

test('a service of the mesh is dialled as soon as it listens, and no longer once it has stopped', async () => {
  await using mesh = await startMesh({ services: ['web', 'api'], intentions: ['web → api: allow'] });
  const [web, api] = [mesh.service('web'), mesh.service('api')];
  await assert.rejects(web.dial('api'), { code: 'NO_INSTANCE' });
  for (let round = 0; round < 3; round += 1) {
    const server = api.serve((socket) => socket.end(`hello ${socket.caller.service}`));
    await server.listen();
    const socket = await web.dial('api');
    socket.end();
    assert.equal(await text(socket), 'hello web');
    await server.close();
    await assert.rejects(web.dial('api'), { code: 'NO_INSTANCE' });
  }
});

test('an HTTP server of the mesh is dialled as soon as it listens', async () => {
  await using mesh = await startMesh({ services: ['web', 'api'], intentions: ['web -> api: allow'] });
  const [web, api] = [mesh.service('web'), mesh.service('api')];
  await assert.rejects(web.dial('api'), { code: 'NO_INSTANCE' });
  const server = api.createServer((request, response) => response.end(`hello ${request.socket.caller.service}`));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const [response] = await once(get('http://api.service.consul/', { agent: web.httpAgent }), 'response');
  assert.equal(await text(response), 'hello web');
});

test('what no intention allows is refused; allow lets it in and deny cuts it, at once and nobody else', async () => {
  await using mesh = await startMesh({ services: ['web', 'job', 'db'], intentions: ['job => db: allow'] });
  const [web, job, db] = [mesh.service('web'), mesh.service('job'), mesh.service('db')];
  await db.serve((socket) => socket.pipe(socket)).listen();
  assert.equal(await outcomeOf(web), 'REFUSED_BY_PEER');
  const other = await job.dial('db');
  for (let round = 0; round < 3; round += 1) {
    await mesh.allow('web', 'db');
    const live = await web.dial('db');
    live.write('hello');
    await once(live, 'data');
    const cut = once(live, 'error');
    await mesh.deny('web', 'db');
    assert.equal((await cut)[0].code, 'ECONNRESET');
    assert.equal(await outcomeOf(web), 'REFUSED_BY_PEER');
  }
  other.write('still here');
  assert.equal(String((await once(other, 'data'))[0]), 'still here');
});

test('after a rotation everybody has a certificate of the new root, live connections go on and new ones are made', async () => {
  await using mesh = await startMesh({ services: ['web', 'db'], defaultIntentionPolicy: 'allow' });
  await mesh
    .service('db')
    .serve((socket) => socket.pipe(socket))
    .listen();
  const live = await mesh.service('web').dial('db');
  for (let round = 0; round < 3; round += 1) {
    await mesh.rotateRoot();
    const next = await mesh.service('web').dial('db');
    assert.notEqual(next.peer.serial, live.peer.serial);
    next.write('hello');
    await once(next, 'data');
  }
  live.write('still here');
  assert.equal(String((await once(live, 'data'))[0]), 'still here');
});

test('services talk also when the clock of the agent is far ahead, and have been given newer certificates by then', async () => {
  await using mesh = await startMesh({ services: ['web', 'db'], defaultIntentionPolicy: 'allow' });
  const [web, db] = [mesh.service('web'), mesh.service('db')];
  await db.serve((socket) => socket.pipe(socket)).listen();
  const first = (await web.dial('db')).peer.serial;
  for (let seen = first; seen === first; ) {
    await mesh.clock.advance(72 * 3_600_000);
    const socket = await web.dial('db');
    seen = socket.peer.serial;
    socket.write('hello');
    await once(socket, 'data');
  }
});

test('a name that is not of the mesh is named together with those that are', async () => {
  const message = /there is no service "wbe" in this mesh; it has web, api$/;
  await assert.rejects(startMesh({ services: ['web', 'api'], intentions: ['wbe → api: allow'] }), {
    name: 'InputError',
    message: /^intentions\[0\]: there is no service "wbe"/,
  });
  await assert.rejects(startMesh({ services: ['web'], intentions: ['web may call api'] }), {
    message: /^intentions\[0\]: expected "web → api: allow"/,
  });
  await assert.rejects(startMesh({ services: [] }), { message: /^services: expected the names/ });
  await using mesh = await startMesh<string>({ services: ['web', 'api'] });
  assert.throws(() => mesh.service('wbe'), { name: 'InputError', message });
  await assert.rejects(mesh.allow('web', 'wbe'), { name: 'InputError', message });
});

test('a closed mesh says so, and so do its services', async () => {
  const mesh = await startMesh({ services: ['web'] });
  const web = mesh.service('web');
  await mesh.close();
  const closed = { name: 'ConnectError', code: 'CLOSED' };
  assert.throws(() => mesh.service('web'), closed);
  await assert.rejects(mesh.allow('web', '*'), closed);
  await assert.rejects(mesh.rotateRoot(), closed);
  assert.throws(() => web.serve(() => undefined), closed);
  await assert.rejects(web.dial('web'), closed);
});

test('closing cuts what a test has left open', async () => {
  const mesh = await startMesh({ services: ['web', 'db'], defaultIntentionPolicy: 'allow' });
  await mesh
    .service('db')
    .serve((socket) => socket.pipe(socket))
    .listen();
  const left = await mesh.service('web').dial('db');
  left.write('hello');
  await once(left, 'data');
  const cut = once(left, 'error');
  await mesh.close();
  await cut;
});

async function outcomeOf(web: Service): Promise<string> {
  const socket = await web.dial('db');
  const [error] = await once(socket, 'error');
  return error.code;
}
