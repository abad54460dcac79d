/** For `http.get(url, { agent })` and `https.get` alike; both go through mutual TLS. */

import http from 'node:http';
import type { Duplex } from 'node:stream';
import type { Dialer } from './dial.ts';
import { targetOfHost } from './target.ts';

export class MeshHttpAgent extends http.Agent {
  readonly #dialer: Dialer;

  constructor(dialer: Dialer) {
    super({ keepAlive: true });
    this.#dialer = dialer;
    // Node compares an agent's protocol with the URL's; this one serves both.
    Object.assign(this, { protocol: undefined });
  }

  /** The port of a URL means nothing in the mesh. */
  override createConnection(
    { host }: http.ClientRequestArgs,
    callback?: (error: Error | null, socket: Duplex) => void,
  ): undefined {
    const dial = async (): Promise<Duplex> => this.#dialer.dialRead(targetOfHost(host ?? ''), {});
    dial().then(
      (socket) => callback?.(null, Object.assign(socket, { allowHalfOpen: false })), // an idle one that the server closes is over
      (error) => (callback as ((error: Error) => void) | undefined)?.(error),
    );
  }
}
