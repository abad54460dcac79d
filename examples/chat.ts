/** A chat over the mesh: whoever may connect is in the room, under the name that its certificate proves. See chat.test.ts. */

import { createInterface } from 'node:readline';
import type { CallerServer, CallerSocket, Service } from 'fairlead';

export async function startChat(service: Service, port = 0): Promise<CallerServer> {
  const room = new Set<CallerSocket>();
  const tell = (line: string): void => {
    for (const socket of room) socket.write(`${line}\n`);
  };
  const server = service.serve((socket) => {
    const name = socket.caller.service;
    room.add(socket);
    tell(`${name} came`);
    const lines = createInterface(socket).on('line', (line) => tell(`${name}: ${line}`));
    for (const failing of [socket, lines]) failing.on('error', () => undefined); // the close tells
    socket.on('close', () => {
      room.delete(socket);
      tell(`${name} left`);
    });
  });
  await server.listen(port);
  return server;
}
