/**
 * What an intention does to a TCP connection: `client` talks to `echo` until it may no longer.
 * With an agent, `fairlead intention create -deny client echo` does what `development.deny` does here.
 *
 *   node examples/intentions.ts
 */

import { once } from 'node:events';
import { type ConnectError, development, startService } from 'fairlead';

await using echo = await startService({ name: 'echo', development: true });
const server = echo.serve((socket) => {
  console.log(`echo: ${socket.caller.service} is connected`);
  socket.on('error', (error: ConnectError) => console.log(`echo: ${error.code}`)); // DENIED, when it is cut
  socket.pipe(socket);
});
await server.listen(0, '127.0.0.1');

await using client = await startService({ name: 'client', development: true });
const live = await client.dial('echo');
live.write('hello');
const [answer] = await once(live, 'data');
console.log(`client: ${answer}`);

// The live connection is cut at once, and no new one gets through.
const cut = once(live, 'error');
development.deny('client', 'echo');
await cut;
console.log('client: cut');
const [refusal] = await once(await client.dial('echo'), 'error');
console.log(`client: ${refusal.code}`);

development.allow('client', 'echo');
const again = await client.dial('echo');
again.end('hello again');
for await (const chunk of again) console.log(`client: ${chunk}`);
