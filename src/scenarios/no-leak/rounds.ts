/**
 * Six identical rounds of 1000 connections through a pair of data planes in this process, with `--expose-gc`; prints what each round
 * has left behind, as JSON. In a process of its own, so that nothing else moves the numbers.
 */

import { once } from 'node:events';
import net from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { createThrowawayCa } from '../../issuing/index.ts';
import { type DataPlane, startNodeEngine } from '../../relay/index.ts';
import { testRuntime } from '../../testing/index.ts';

const rounds = 6;
const connectionsPerRound = 1_000;
const atOnce = 50;

const application = net.createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket));
application.listen(0, '127.0.0.1');
await once(application, 'listening');

const ca = await createThrowawayCa();
const api = startNodeEngine(testRuntime());
const web = startNodeEngine(testRuntime());
const bound = [addressIn(api), addressIn(web)] as const;
const api1 = await ca.issue('api');
for (const [engine, identity] of [
  [api, api1],
  [web, await ca.issue('web')],
] as const) {
  engine.set({ kind: 'identity', identity });
  engine.set({ kind: 'roots', roots: ca.roots });
}
const bind = { host: '127.0.0.1', port: 0 };
const common = { bind, protocol: 'tcp', maxConnections: 1_000 } as const;
const localService = { host: '127.0.0.1', port: (application.address() as net.AddressInfo).port };
api.set({
  kind: 'authorization',
  authorization: { kind: 'table', rules: [], otherwise: { kind: 'allow', reason: 'all' } },
});
api.set({
  kind: 'listener',
  name: 'inbound',
  listener: { ...common, role: 'inbound', localService, handshakeTimeout: 10_000, localConnectTimeout: 5_000 },
});
web.set({
  kind: 'listener',
  name: 'api',
  listener: { ...common, role: 'outbound', upstream: 'api', connectTimeout: 10_000 },
});
const [inbound, outbound] = await Promise.all(bound);
web.set({
  kind: 'endpoints',
  upstream: 'api',
  instances: [{ id: 'node/api', ...inbound, spiffeId: api1.spiffeId, weight: 1 }],
});

const seen: object[] = [];
for (let round = 0; round < rounds; round += 1) {
  const left = Array.from({ length: connectionsPerRound }).values();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (const _ of left) await connectOnce(outbound);
    }),
  );
  while (api.connections().length + web.connections().length > 0) await setImmediate();
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
  global.gc?.();
  await setImmediate();
  global.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  seen.push({ handles: process.getActiveResourcesInfo().length, heap: heapUsed, resident: rss });
}
process.stdout.write(JSON.stringify(seen));
await Promise.all([web.close(), api.close()]);
application.close();

/** The address of its first listener; events are read to the end, so that none piles up. */
function addressIn(engine: DataPlane): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    void (async () => {
      for await (const event of engine.events())
        if (event.kind === 'listener bound' && 'host' in event.address) resolve(event.address);
        else if (event.kind === 'listener failed') reject(new Error(event.reason));
    })();
  });
}

async function connectOnce(address: { host: string; port: number }): Promise<void> {
  const socket = net.connect(address);
  socket.write('ping');
  await once(socket, 'data');
  socket.end();
  await once(socket, 'close');
}
