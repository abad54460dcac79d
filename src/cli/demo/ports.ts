/** Ports for the demo: the usual ones where they are free, others where not. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** The port that was wished for each name, or a free one instead. All are different. */
export async function findPorts<Name extends string>(
  wishes: Readonly<Record<Name, number>>,
): Promise<Readonly<Record<Name, number>>> {
  // Held until all are found, so that no two get the same.
  const held = await Promise.all(
    Object.entries<number>(wishes).map(async ([name, port]) => {
      const server = (await listen(port)) ?? (await listen(0));
      if (!server) throw new Error('no free port on 127.0.0.1');
      return { name, server, port: (server.address() as AddressInfo).port };
    }),
  );
  await Promise.all(held.map(({ server }) => once(server.close(), 'close')));
  return Object.fromEntries(held.map(({ name, port }) => [name, port])) as Record<Name, number>;
}

async function listen(port: number): Promise<ReturnType<typeof createServer> | undefined> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
    return server;
  } catch {
    return undefined;
  }
}
