/** Stands between a client and an agent and notes what is asked. */

import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { Cell, type Closable } from '../../base/index.ts';

export interface Asked {
  readonly method: string;
  readonly target: string;
  readonly body: string;
}

export interface Wiretap extends Closable {
  readonly port: number;
  /** In the order of their arrival; clients set it back to nothing. */
  readonly requests: Cell<readonly Asked[]>;
}

/** Resolves when it listens, on loopback; what comes goes on to `agentPort`. */
export async function startWiretap(agentPort: number): Promise<Wiretap> {
  const requests = new Cell<readonly Asked[]>([]);
  const forward = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const { method = '', url: target = '', headers } = asked;
    const body = await buffer(asked);
    requests.set([...requests.value, { method, target, body: body.toString() }]);
    const onward = http.request({ host: '127.0.0.1', port: agentPort, method, path: target, headers });
    answer.once('close', () => onward.destroy()); // a client that hangs up must leave no query waiting
    onward.end(body);
    const [response] = (await once(onward, 'response')) as [IncomingMessage];
    answer.writeHead(response.statusCode ?? 500, response.headers);
    await pipeline(response, answer);
  };
  const server = http.createServer((asked, answer) => {
    forward(asked, answer).catch(() => answer.destroy());
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return {
    port: (server.address() as AddressInfo).port,
    requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}
